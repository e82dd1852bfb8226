package io.membrane.scheduler;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;

/** scheduler-service. */
@SpringBootApplication
@EnableConfigurationProperties(SchedulerProperties.class)
class SchedulerApplication {

  static void main(String[] args) {
    SpringApplication.run(SchedulerApplication.class, args);
  }
}
