package io.membrane.cli.machine;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.RedisProcess;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RedisProbeTest {

  private static final Duration PATIENCE = Duration.ofSeconds(2);

  @Test
  void aRedisAnswers() {
    try (RedisProcess redis = RedisProcess.embedded()) {
      assertThatCode(() -> RedisProbe.check(URI.create(redis.url()), PATIENCE))
          .doesNotThrowAnyException();
    }
  }

  @Test
  void aPasswordIsUsedAndNeeded() {
    try (RedisProcess redis = RedisProcess.embedded("--requirepass", "s3cret")) {
      assertThatCode(() -> check("redis://:s3cret@127.0.0.1:" + redis.port()))
          .doesNotThrowAnyException();
      assertThatCode(() -> check("redis://default:s3cret@127.0.0.1:" + redis.port()))
          .doesNotThrowAnyException();
      assertThatThrownBy(() -> check("redis://:wrong@127.0.0.1:" + redis.port()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("WRONGPASS");
      assertThatThrownBy(() -> check("redis://127.0.0.1:" + redis.port()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("NOAUTH");
    }
  }

  @Test
  void whereNobodyListensNothingAnswers() {
    int port = Port.free(1).getFirst();

    assertThatThrownBy(() -> check("redis://127.0.0.1:" + port)).isInstanceOf(IOException.class);
  }

  @Test
  void aSilentServerIsNotWaitedForLong() {
    try (RedisProcess redis = RedisProcess.embedded();
        FaultProxy proxy = new FaultProxy(redis.port())) {
      proxy.inject(new FaultProxy.Fault.Silence());

      assertThatThrownBy(() ->
              RedisProbe.check(
                  URI.create("redis://127.0.0.1:" + proxy.port()), Duration.ofMillis(200)))
          .isInstanceOf(IOException.class);
    }
  }

  private static void check(String url) throws IOException {
    RedisProbe.check(URI.create(url), PATIENCE);
  }
}
