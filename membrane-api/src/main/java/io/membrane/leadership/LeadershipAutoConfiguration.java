package io.membrane.leadership;

import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/** For services that have a Redis. */
@AutoConfiguration(
    afterName = "org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration")
@ConditionalOnClass(RedisConnectionFactory.class)
@EnableConfigurationProperties(LeadershipProperties.class)
class LeadershipAutoConfiguration {

  @Bean
  @ConditionalOnBean(RedisConnectionFactory.class)
  Elections elections(
      LeadershipProperties properties,
      RedisConnectionFactory redis,
      Clock clock,
      MeterRegistry meters) {
    return new Elections(properties, redis, clock, meters);
  }
}
