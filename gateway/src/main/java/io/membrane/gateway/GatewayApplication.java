package io.membrane.gateway;

import io.membrane.boot.RedisAutoConfiguration;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.security.autoconfigure.UserDetailsServiceAutoConfiguration;

/** The gateway as a program. */
@SpringBootApplication(
    proxyBeanMethods = false,
    exclude = {
      // Redis only where an operator names one: RedisConfiguration.
      RedisAutoConfiguration.class,
      DataRedisAutoConfiguration.class,
      // Nobody logs in with a password.
      UserDetailsServiceAutoConfiguration.class
    })
public class GatewayApplication {

  /** Starts the service. */
  public static void main(String[] args) {
    SpringApplication.run(GatewayApplication.class, args);
  }
}
