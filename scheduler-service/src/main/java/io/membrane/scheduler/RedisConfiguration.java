package io.membrane.scheduler;

import io.lettuce.core.ClientOptions.DisconnectedBehavior;
import io.lettuce.core.resource.Delay;
import io.membrane.scheduler.redis.RedisCalls;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.springframework.boot.data.redis.autoconfigure.ClientResourcesBuilderCustomizer;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientOptionsBuilderCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/** How the service bears that Redis is gone: calls fail at once, and it comes back by itself. */
@Configuration(proxyBeanMethods = false)
class RedisConfiguration {

  private static final Duration RECONNECT_FIRST = Duration.ofMillis(50);
  private static final Duration RECONNECT_LATEST = Duration.ofSeconds(1);

  @Bean
  LettuceClientOptionsBuilderCustomizer failFast() {
    return options -> options.disconnectedBehavior(DisconnectedBehavior.REJECT_COMMANDS);
  }

  /** Lettuce's own delay grows to 30 s, which a Redis that is back would have to wait out. */
  @Bean
  ClientResourcesBuilderCustomizer reconnectSoon() {
    return resources ->
        resources.reconnectDelay(
            Delay.exponential(RECONNECT_FIRST, RECONNECT_LATEST, 2, TimeUnit.MILLISECONDS));
  }

  @Bean
  RedisCalls redisCalls(RedisConnectionFactory connections) {
    return new RedisCalls(connections);
  }
}
