package io.membrane.directory;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.membrane.directory.feed.EventIntake;
import io.membrane.directory.feed.EventLog;
import io.membrane.directory.feed.LogTail;
import io.membrane.directory.location.Image;
import io.membrane.directory.membership.FailureDetector;
import io.membrane.directory.registry.NodeRegistry;
import io.membrane.directory.registry.NodeWatch;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.tenancy.Policies;
import io.membrane.tenancy.Policy;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

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
  Policies policies(
      RedisConnectionFactory connections, DirectoryProperties properties, Clock clock) {
    StringRedisTemplate redis = new StringRedisTemplate(connections);
    return new Policies(
        key -> policy(redis, key), Policy.standard(properties.checked().sharing()), clock);
  }

  private static byte @Nullable [] policy(StringRedisTemplate redis, String key) {
    try {
      return redis.execute((RedisConnection c) -> c.stringCommands().get(key.getBytes(UTF_8)));
    } catch (DataAccessException e) {
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE,
          "Redis, which holds the tenants' policies, does not answer; try again",
          e);
    }
  }

  @Bean
  FailureDetector failureDetector() {
    return new FailureDetector();
  }

  @Bean
  NodeRegistry nodeRegistry(RedisConnectionFactory connections, FailureDetector detector) {
    return new NodeRegistry(connections, detector);
  }

  @Bean
  NodeWatch nodeWatch(NodeRegistry registry) {
    return new NodeWatch(registry);
  }

  /** Runs the watch while the connections of Redis are open. */
  @Bean
  SmartLifecycle nodeWatchLifecycle(NodeWatch watch) {
    return new SmartLifecycle() {
      @Override
      public void start() {
        watch.start();
      }

      @Override
      public void stop() {
        watch.stop();
      }

      @Override
      public boolean isRunning() {
        return watch.isRunning();
      }
    };
  }

  @Bean
  NodeMetrics nodeMetrics(MeterRegistry meters, NodeWatch watch, FailureDetector detector) {
    return new NodeMetrics(meters, watch, detector);
  }

  @Bean(destroyMethod = "")
  LogTail logTail(EventLog log, Image image, DirectoryProperties properties, Clock clock) {
    return new LogTail(log, image, properties.maxLogBytes().toBytes(), clock);
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
