package io.membrane.directory;

import static io.membrane.directory.Service.EVENTS;
import static io.membrane.directory.Service.MATCH;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.RedisProcess;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;

class RedisOutageTest {

  private static final String READY = "/actuator/health/readiness";
  private static final String ALIVE = "/actuator/health/liveness";
  private static final String HASH = "cd".repeat(32);

  @Test
  void withoutRedisTheServiceIsAliveAndNotReadyAndComesBackByItself() {
    try (RedisProcess redis = RedisProcess.embedded()) {
      redis.kill();
      try (Service service = new Service(redis.port())) {
        assertThat(service.get(ALIVE).statusCode()).isEqualTo(200);
        assertThat(service.get(READY).statusCode()).isEqualTo(503);
        assertThat(service.problem(503, "dependency_unavailable", EVENTS, stored(1, 0)))
            .contains("try again");

        redis.restart();
        service.awaitReady();
        service.answer(EVENTS, stored(1, 0));
        soon().until(() -> matched(service));

        redis.kill();
        soon().until(() -> service.get(READY).statusCode() == 503);
        assertThat(service.get(ALIVE).statusCode()).isEqualTo(200);
        assertThat(matched(service)).isTrue();
        service.problem(503, "dependency_unavailable", EVENTS, stored(1, 1));

        redis.restart();
        service.awaitReady();
        soon().until(() -> !matched(service));
        service.answer(EVENTS, stored(2, 0));
        soon().until(() -> matched(service));
      }
    }
  }

  private static ConditionFactory soon() {
    return Awaitility.await().atMost(Duration.ofSeconds(20));
  }

  private static boolean matched(Service service) {
    return service.answer(MATCH, "{\"block_hashes\": [\"" + HASH + "\"]}").has("best");
  }

  private static String stored(int epoch, int sequence) {
    return """
    {"node": "n", "cluster": "c", "epoch": %d, "sequence": %d, "events": [
      {"type": "stored", "block_hash": "%s", "slice": "attn.0-1.0of1", "tier": "gpu",
       "namespace": {"model": "m", "revision": "r", "kv_dtype": "f32", "block_tokens": 4},
       "token_span": [0, 4], "bytes": 64}]}\
    """
        .formatted(epoch, sequence, HASH);
  }
}
