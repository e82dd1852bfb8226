package io.membrane.fragment;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Starts fragment-service. */
@SpringBootApplication
public class FragmentApplication {

  /** Entry point. */
  public static void main(String[] arguments) {
    SpringApplication.run(FragmentApplication.class, arguments);
  }
}
