package io.membrane.fragment;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/** Whether Redis is there. */
@Configuration(proxyBeanMethods = false)
class RedisConfiguration {

  private static final Logger log = LoggerFactory.getLogger(RedisConfiguration.class);

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
