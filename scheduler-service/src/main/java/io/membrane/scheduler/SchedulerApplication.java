package io.membrane.scheduler;

import java.util.Arrays;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/**
 * scheduler-service; with {@code plan} as its first argument one plan instead, without a server.
 */
@SpringBootApplication
class SchedulerApplication {

  static void main(String[] args) {
    if (args.length > 0 && args[0].equals("plan")) {
      System.exit(
          PlanCommand.run(Arrays.copyOfRange(args, 1, args.length), System.out, System.err));
    }
    SpringApplication.run(SchedulerApplication.class, args);
  }
}
