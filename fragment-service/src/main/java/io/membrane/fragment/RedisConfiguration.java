package io.membrane.fragment;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.resource.Delay;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.data.redis.autoconfigure.ClientResourcesBuilderCustomizer;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientOptionsBuilderCustomizer;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/** How the service bears that Redis is gone: it fails at once and comes back by itself. */
@Configuration(proxyBeanMethods = false)
class RedisConfiguration {

  private static final Logger log = LoggerFactory.getLogger(RedisConfiguration.class);

  private static final Duration LONGEST_RECONNECT_DELAY = Duration.ofSeconds(1);

  @Bean
  LettuceClientOptionsBuilderCustomizer rejectWhileDisconnected() {
    return options ->
        options.disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS);
  }

  @Bean
  ClientResourcesBuilderCustomizer reconnectSoon() {
    return resources ->
        resources.reconnectDelay(
            Delay.exponential(Duration.ZERO, LONGEST_RECONNECT_DELAY, 2, TimeUnit.MILLISECONDS));
  }

  /** Says at the start what readiness says from then on. */
  @Bean
  ApplicationListener<ApplicationReadyEvent> redisAtStart(RedisConnectionFactory redis) {
    return started -> {
      try (RedisConnection connection = redis.getConnection()) {
        connection.ping();
        log.info("Redis answers");
      } catch (DataAccessException e) {
        log.warn(
            "Redis cannot be reached ({}): started, but not ready until it can. Start it, or set"
                + " spring.data.redis.url to where it is",
            NestedExceptionUtils.getMostSpecificCause(e).getMessage());
      }
    };
  }
}
