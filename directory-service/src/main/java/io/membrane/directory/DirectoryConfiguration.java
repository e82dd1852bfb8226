package io.membrane.directory;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.membrane.boot.CallContexts;
import io.membrane.directory.engine.EngineRegistry;
import io.membrane.directory.feed.EventIntake;
import io.membrane.directory.feed.EventLog;
import io.membrane.directory.feed.LogTail;
import io.membrane.directory.feed.LostNodes;
import io.membrane.directory.feed.NoteReader;
import io.membrane.directory.location.Image;
import io.membrane.directory.membership.FailureDetector;
import io.membrane.directory.registry.NodeRegistry;
import io.membrane.directory.registry.NodeWatch;
import io.membrane.directory.relist.Relister;
import io.membrane.directory.snapshot.Snapshots;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.tenancy.Policies;
import io.membrane.tenancy.Policy;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
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
  NodeWatch nodeWatch(
      NodeRegistry registry, EventLog log, LogTail tail, Image image, EngineRegistry engines) {
    LostNodes lost = new LostNodes(log, tail, image, engines::sources);
    return new NodeWatch(registry, lost::end);
  }

  /** Runs the watch while the connections of Redis are open. */
  @Bean
  SmartLifecycle nodeWatchLifecycle(NodeWatch watch) {
    return new Running(watch::start, watch::stop, watch::isRunning);
  }

  @Bean
  NodeMetrics nodeMetrics(MeterRegistry meters, NodeWatch watch, FailureDetector detector) {
    return new NodeMetrics(meters, watch, detector);
  }

  @Bean(destroyMethod = "")
  LogTail logTail(
      EventLog log,
      Image image,
      NoteReader notes,
      Snapshots snapshots,
      DirectoryProperties properties,
      Clock clock) {
    return new LogTail(log, image, notes, snapshots, properties.maxLogBytes().toBytes(), clock);
  }

  /** Runs the tail while the connections of Redis are open. */
  @Bean
  SmartLifecycle logTailLifecycle(LogTail tail) {
    return new Running(tail::start, tail::close, tail::isRunning);
  }

  /** What Spring starts and stops. */
  record Running(Runnable starting, Runnable stopping, BooleanSupplier running)
      implements SmartLifecycle {

    @Override
    public void start() {
      starting.run();
    }

    @Override
    public void stop() {
      stopping.run();
    }

    @Override
    public boolean isRunning() {
      return running.getAsBoolean();
    }
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
  Matches matches(Image image, LogTail tail, Policies policies, DirectoryMetrics metrics) {
    return new Matches(image, tail, policies, metrics);
  }

  /** Before observation (order −2³¹+1). */
  @Bean
  FilterRegistrationBean<DirectMatchFilter> directMatches(
      Matches matches, CallContexts contexts, MeterRegistry meters) {
    FilterRegistrationBean<DirectMatchFilter> registration =
        new FilterRegistrationBean<>(
            new DirectMatchFilter(
                matches, contexts, meters.timer(DirectoryMetric.DIRECT_MATCHES.id())));
    registration.addUrlPatterns("/v1/directory/match");
    registration.setOrder(Ordered.HIGHEST_PRECEDENCE);
    return registration;
  }

  /** Before observation, as {@link #directMatches}. */
  @Bean
  FilterRegistrationBean<DirectEventsFilter> directEvents(
      EventIntake intake, Matches matches, CallContexts contexts, MeterRegistry meters) {
    FilterRegistrationBean<DirectEventsFilter> registration =
        new FilterRegistrationBean<>(
            new DirectEventsFilter(
                intake, matches, contexts, meters.timer(DirectoryMetric.DIRECT_EVENTS.id())));
    registration.addUrlPatterns("/v1/directory/events");
    registration.setOrder(Ordered.HIGHEST_PRECEDENCE);
    return registration;
  }

  @Bean
  LogHealthIndicator logHealthIndicator(LogTail tail, Relister relister) {
    return new LogHealthIndicator(tail, relister);
  }
}
