package io.membrane.directory;

import io.membrane.directory.feed.LogTail;
import io.membrane.directory.registry.NodeRegistry;
import io.membrane.directory.relist.Relister;
import io.membrane.rpc.PeerTls;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.SecureRandom;
import java.time.Duration;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class RelistConfiguration {

  /** A node reads its Redis a page at a time, each within the command timeout. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  @Bean(destroyMethod = "")
  Relister relister(LogTail tail, NodeRegistry registry, PeerTls tls) {
    return new Relister(tail, () -> registry.known().nodes(), tls, PATIENCE, new SecureRandom());
  }

  @Bean
  SmartLifecycle relisterLifecycle(Relister relister) {
    return new DirectoryConfiguration.Running(
        relister::start, relister::close, relister::isRunning);
  }

  @Bean
  RelistMetrics relistMetrics(MeterRegistry meters, Relister relister) {
    return new RelistMetrics(meters, relister);
  }
}
