package io.membrane.reconstruction;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;

/** The service's process. */
@SpringBootApplication
@EnableConfigurationProperties(ReconstructionProperties.class)
class ReconstructionApplication {

  static void main(String[] args) {
    SpringApplication.run(ReconstructionApplication.class, args);
  }
}
