package io.membrane.worker;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;

/** compute-worker. */
@SpringBootApplication(proxyBeanMethods = false)
@EnableConfigurationProperties(WorkerProperties.class)
class WorkerApplication {

  static void main(String[] args) {
    keepEngineOffline();
    SpringApplication.run(WorkerApplication.class, args);
  }

  /** DJL downloads what it misses and reports its use, unless told otherwise before it loads. */
  private static void keepEngineOffline() {
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("OPT_OUT_TRACKING", "true");
  }
}
