package io.membrane.directory;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** directory-service. */
@SpringBootApplication
class DirectoryApplication {

  static void main(String[] args) {
    SpringApplication.run(DirectoryApplication.class, args);
  }
}
