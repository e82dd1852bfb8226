package io.membrane.scheduler;

import static io.membrane.scheduler.Service.SIMULATIONS;
import static io.membrane.scheduler.Service.ok;
import static io.membrane.scheduler.Service.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.membrane.fixture.RedisProcess;
import io.membrane.scheduler.EventStream.Event;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class RedisOutageTest {

  private static final String HEALTH = "/actuator/health";
  private static final String READY = "/actuator/health/readiness";
  private static final String ALIVE = "/actuator/health/liveness";
  private static final String UNKNOWN = SIMULATIONS + "/sim-" + "0".repeat(32);

  /** Takes many seconds. */
  private static final String LONG = "{\"requests\": 5000000}";

  private static final String ROUTE =
      "{\"total_tokens\": 9, \"clusters\":"
          + " [{\"cluster\": \"a\", \"role\": \"pd\", \"cached_tokens\": 0}]}";

  private static final String LINE =
      "{\"timestamp\":0,\"input_length\":1024,\"output_length\":1,\"hash_ids\":[0,1]}";

  @Test
  void withoutRedisWhatNeedsItIsRefusedForNowAndComesBackByItself() {
    try (RedisProcess redis = RedisProcess.embedded()) {
      redis.kill();
      try (Service service = new Service(redis.port())) {
        assertThat(service.get(ALIVE).statusCode()).isEqualTo(200);
        assertThat(service.get(READY).statusCode()).as("routes need no Redis").isEqualTo(200);
        assertThat(service.get(HEALTH).statusCode()).isEqualTo(503);
        assertThat(ok(service.post("/v1/routes", ROUTE)).get("target").asString()).isEqualTo("a");
        for (var refused :
            List.of(
                service.post(SIMULATIONS, "{}"),
                service.get(SIMULATIONS),
                service.get(UNKNOWN),
                service.get(UNKNOWN + "/events"),
                service.delete(UNKNOWN),
                service.upload(LINE),
                service.get("/v1/traces/" + "0".repeat(32)),
                service.delete("/v1/traces/" + "0".repeat(32)))) {
          assertThat(problem(503, "dependency_unavailable", refused)).contains("try again");
          assertThat(refused.headers().firstValue("Retry-After")).isPresent();
        }

        redis.restart();
        soon().until(() -> service.get(HEALTH).statusCode() == 200);
        assertThat(service.upload(LINE).statusCode()).isEqualTo(201);
        service.await(
            service.start("{\"requests\": 1000, \"strategies\": [\"prfaas_pd\"]}"), "done");
      }
    }
  }

  @Test
  void aRunAndItsFollowerOutliveARedisThatLosesEverythingAndTheResultIsThere() throws Exception {
    try (RedisProcess redis = RedisProcess.embedded();
        Service service = new Service(redis.port())) {
      String path = service.start("{\"requests\": 1000000, \"strategies\": [\"prfaas_pd\"]}");
      try (EventStream stream = new EventStream(service.uri(path + "/events"))) {
        service.await(path, "running");
        redis.kill();
        problem(503, "dependency_unavailable", service.get(path));
        redis.restart();

        assertThat(stream.rest()).extracting(Event::name).startsWith("progress").endsWith("done");
      }
      JsonNode done = ok(service.get(path));
      assertThat(done.at("/result/strategies/0/report/requests/arrived").asInt())
          .isEqualTo(1_000_000);
    }
  }

  @Test
  void aShutdownEndsStreamsAndRunsItselfAndTheOtherReplicaSaysWhy() throws Exception {
    try (RedisProcess redis = RedisProcess.embedded();
        Service staying = new Service(redis.port())) {
      String elsewhere = staying.start(LONG);
      String path;
      EventStream stream;
      try (Service leaving = new Service(redis.port())) {
        path = leaving.start(LONG);
        stream = new EventStream(leaving.uri(elsewhere + "/events"));
        staying.await(path, "running");
      }
      try (stream) {
        assertThatCode(stream::rest).as("it is ended, not cut").doesNotThrowAnyException();
      }
      assertThat(staying.await(elsewhere, "running").has("ended_at_ms")).isFalse();
      assertThat(staying.await(path, "failed").get("reason").asString()).contains("shut down");
    }
  }

  private static ConditionFactory soon() {
    return Awaitility.await().atMost(Duration.ofSeconds(20));
  }
}
