package io.membrane.directory;

import io.membrane.directory.feed.EventIntake;
import io.membrane.directory.feed.EventLog;
import io.membrane.directory.feed.LogTail;
import io.membrane.directory.location.Image;
import io.membrane.directory.registry.NodeRegistry;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.RedisConnectionFactory;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(DirectoryProperties.class)
class DirectoryConfiguration {

  @Bean
  Namespaces namespaces(DirectoryProperties properties) {
    return new Namespaces(properties.checked());
  }

  @Bean
  Image image(DirectoryProperties properties, Clock clock) {
    return new Image(properties.checked().maxBlocks(), clock);
  }

  @Bean
  EventLog eventLog(RedisConnectionFactory connections) {
    return new EventLog(connections);
  }

  @Bean
  NodeRegistry nodeRegistry(RedisConnectionFactory connections) {
    return new NodeRegistry(connections);
  }

  @Bean(destroyMethod = "")
  LogTail logTail(EventLog log, Image image, DirectoryProperties properties, Clock clock) {
    return new LogTail(log, image, properties.maxLogEntries(), clock);
  }

  /** Runs the tail while the connections of Redis are open. */
  @Bean
  SmartLifecycle logTailLifecycle(LogTail tail) {
    return new SmartLifecycle() {
      @Override
      public void start() {
        tail.start();
      }

      @Override
      public void stop() {
        tail.close();
      }

      @Override
      public boolean isRunning() {
        return tail.isRunning();
      }
    };
  }

  @Bean
  EventIntake eventIntake(EventLog log, LogTail tail, Image image) {
    return new EventIntake(log, tail, image);
  }

  @Bean
  DirectoryMetrics directoryMetrics(MeterRegistry meters, Image image, LogTail tail) {
    return new DirectoryMetrics(meters, image, tail);
  }

  @Bean
  LogHealthIndicator logHealthIndicator(LogTail tail) {
    return new LogHealthIndicator(tail);
  }
}
