package io.membrane.leadership;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.ClientOptions.DisconnectedBehavior;
import io.membrane.fixture.RedisProcess;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

class RedisLeaseTest extends SharedLeaseContract {

  private final RedisProcess redis = RedisProcess.embedded();
  private final LettuceConnectionFactory connections = connected();

  private LettuceConnectionFactory connected() {
    LettuceConnectionFactory factory =
        new LettuceConnectionFactory(
            new RedisStandaloneConfiguration("127.0.0.1", redis.port()),
            LettuceClientConfiguration.builder()
                .commandTimeout(Duration.ofMillis(300))
                .clientOptions(
                    ClientOptions.builder()
                        .disconnectedBehavior(DisconnectedBehavior.REJECT_COMMANDS)
                        .build())
                .build());
    factory.afterPropertiesSet();
    factory.start();
    return factory;
  }

  @AfterEach
  void stop() {
    connections.destroy();
    redis.resume();
    redis.close();
  }

  @Override
  SharedLease lease() {
    return new RedisLease(connections, "test");
  }

  @Override
  void away() {
    redis.pause();
  }

  @Override
  void back() {
    redis.resume();
  }
}
