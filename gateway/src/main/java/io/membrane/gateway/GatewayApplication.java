package io.membrane.gateway;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The gateway as a program. */
@SpringBootApplication(proxyBeanMethods = false)
public class GatewayApplication {

  /** Starts the service. */
  public static void main(String[] args) {
    SpringApplication.run(GatewayApplication.class, args);
  }
}
