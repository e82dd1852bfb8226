package io.membrane.directory;

import io.membrane.directory.DirectoryConfiguration.Running;
import io.membrane.directory.coaccess.CoAccess;
import io.membrane.directory.feed.EventLog;
import io.membrane.directory.location.Image;
import io.membrane.directory.semantic.IncomingChunks;
import io.membrane.directory.semantic.NearestChunks;
import io.membrane.directory.semantic.SameChunks;
import io.membrane.tenancy.Policies;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.security.SecureRandom;
import java.time.Clock;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What the directory learns from what callers say of blocks. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(LearningProperties.class)
class LearningConfiguration {

  @Bean
  CoAccess coAccess(LearningProperties properties, Clock clock) {
    LearningProperties checked = properties.checked();
    return new CoAccess(checked.maxEdges(), checked.usesHalfLife(), clock, new SecureRandom());
  }

  @Bean
  SameChunks sameChunks(LearningProperties properties) {
    return new SameChunks(properties.checked().maxChunks());
  }

  @Bean
  NearestChunks nearestChunks(LearningProperties properties) {
    LearningProperties checked = properties.checked();
    return new NearestChunks(checked.maxVectors(), checked.maxVectorBytes().toBytes());
  }

  @Bean(initMethod = "start")
  IncomingChunks incomingChunks(NearestChunks index, LearningProperties properties) {
    return new IncomingChunks(index, properties.checked().maxVectors());
  }

  @Bean
  Learning learning(Image image, CoAccess coAccess, SameChunks same, IncomingChunks similar) {
    return new Learning(image, coAccess, same, similar);
  }

  @Bean
  Chains chains(Namespaces namespaces) {
    return new Chains(namespaces);
  }

  @Bean
  MissReasons missReasons(Image image, Namespaces namespaces, Policies policies) {
    return new MissReasons(image, namespaces, policies);
  }

  @Bean
  SessionContexts sessionContexts(Image image, EventLog log) {
    return new SessionContexts(image, log);
  }

  /** Appends while the connections of Redis are open. */
  @Bean
  SmartLifecycle sessionContextsLifecycle(SessionContexts contexts) {
    return new Running(contexts::start, contexts::stop, contexts::isRunning);
  }

  @Bean
  MeterBinder learningMetrics(
      CoAccess coAccess,
      SameChunks same,
      NearestChunks similar,
      IncomingChunks incoming,
      SessionContexts contexts) {
    return meters -> register(meters, coAccess, same, similar, incoming, contexts);
  }

  private static void register(
      MeterRegistry meters,
      CoAccess coAccess,
      SameChunks same,
      NearestChunks similar,
      IncomingChunks incoming,
      SessionContexts contexts) {
    Gauge.builder(DirectoryMetric.EDGES.id(), coAccess, CoAccess::edges).register(meters);
    Gauge.builder(DirectoryMetric.CHUNKS.id(), same, SameChunks::size).register(meters);
    Gauge.builder(DirectoryMetric.VECTORS.id(), similar, NearestChunks::size).register(meters);
    FunctionCounter.builder(DirectoryMetric.VECTORS_REFUSED.id(), incoming, IncomingChunks::refused)
        .register(meters);
    FunctionCounter.builder(DirectoryMetric.CONTEXTS.id(), contexts, SessionContexts::noted)
        .tag("outcome", "noted")
        .register(meters);
    FunctionCounter.builder(DirectoryMetric.CONTEXTS.id(), contexts, SessionContexts::dropped)
        .tag("outcome", "dropped")
        .register(meters);
  }
}
