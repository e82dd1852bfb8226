package io.membrane.scheduler;

import static io.membrane.scheduler.Service.ok;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.GuardedRedis;
import io.membrane.fixture.RedisClusterProcess;
import io.membrane.fixture.RedisSentinels;
import org.junit.jupiter.api.Test;

/** Everything that the service keeps in Redis, in every kind of Redis. */
class RedisKindsTest {

  private static final String LINE =
      "{\"timestamp\":0,\"input_length\":1024,\"output_length\":1,\"hash_ids\":[0,1]}";
  private static final String BUSY =
      "{\"cluster\": \"far\", \"role\": \"prefill\", \"egress_gbps\": 1}";

  @Test
  void aCluster() {
    try (RedisClusterProcess redis = RedisClusterProcess.ofPrimaries()) {
      keepsTracesSimulationsAndTelemetry(redis.propertiesOfUser());
    }
  }

  @Test
  void oneServerBehindSentinels() {
    try (RedisSentinels redis = new RedisSentinels()) {
      keepsTracesSimulationsAndTelemetry(redis.propertiesOfUser());
    }
  }

  @Test
  void oneThatSpeaksTlsAndKnowsAUser() {
    try (GuardedRedis redis = new GuardedRedis()) {
      keepsTracesSimulationsAndTelemetry(redis.propertiesOfUser());
    }
  }

  private static void keepsTracesSimulationsAndTelemetry(String... properties) {
    try (Service service = new Service(properties)) {
      assertThat(service.get("/actuator/health").statusCode()).isEqualTo(200);

      var uploaded = service.upload(LINE);
      assertThat(uploaded.statusCode()).as(uploaded.body()).isEqualTo(201);
      String trace = uploaded.headers().firstValue("Location").orElseThrow();
      assertThat(service.get(trace).statusCode()).isEqualTo(200);
      assertThat(service.delete(trace).statusCode()).isEqualTo(204);
      assertThat(service.get(trace).statusCode()).isEqualTo(404);

      String simulation = service.start("{\"requests\": 1000, \"strategies\": [\"prfaas_pd\"]}");
      service.await(simulation, "done");
      assertThat(ok(service.get(Service.SIMULATIONS)).toString()).contains("done");
      assertThat(service.delete(simulation).statusCode()).isLessThan(300);

      assertThat(service.post("/v1/telemetry", BUSY).statusCode()).isLessThan(300);
      assertThat(service.state().toString()).contains("\"far\"");
    }
  }
}
