package io.membrane.gateway;

import io.membrane.boot.RedisAutoConfiguration;
import io.membrane.gateway.identity.KeyBook;
import io.membrane.gateway.limits.SharedLimits;
import java.time.Clock;
import java.util.List;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotatedTypeMetadata;
import org.springframework.data.redis.core.StringRedisTemplate;

/** What the gateway keeps in Redis, if it is told of one: keys, and what limits count. */
@Configuration(proxyBeanMethods = false)
@Conditional(RedisConfiguration.Named.class)
@Import({RedisAutoConfiguration.class, DataRedisAutoConfiguration.class})
class RedisConfiguration {

  @Bean
  KeyBook keyBook(StringRedisTemplate redis, Clock clock) {
    return new KeyBook(redis, clock);
  }

  @Bean
  SharedLimits sharedLimits(StringRedisTemplate redis) {
    return new SharedLimits(redis);
  }

  /** Whether an operator has said where Redis is; unlike elsewhere, silence is no localhost. */
  static final class Named implements Condition {

    private static final List<String> PLACES =
        List.of("url", "host", "cluster.nodes", "cluster.nodes[0]", "sentinel.master");

    @Override
    public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
      Environment environment = context.getEnvironment();
      return PLACES.stream()
          .anyMatch(place -> !environment.getProperty("spring.data.redis." + place, "").isBlank());
    }
  }
}
