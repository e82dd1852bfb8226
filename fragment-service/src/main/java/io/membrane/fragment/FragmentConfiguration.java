package io.membrane.fragment;

import io.membrane.boot.CallContexts;
import io.membrane.boot.Draining;
import io.membrane.boot.RequestCodings;
import io.membrane.boot.StartupProblem;
import io.membrane.fragment.compression.Compression;
import io.membrane.fragment.compression.ZstdCodec;
import io.membrane.fragment.connector.DirectWriteTomcat;
import io.membrane.fragment.hot.FragmentReadValve;
import io.membrane.fragment.store.FragmentMetric;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.fragment.store.MemoryTier;
import io.membrane.fragment.store.Neighbours;
import io.membrane.fragment.store.PayloadWrites;
import io.membrane.fragment.store.StoreSettings;
import io.membrane.leadership.Elections;
import io.membrane.leadership.Leadership;
import io.membrane.tenancy.Policy;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Clock;
import java.time.Duration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.data.redis.autoconfigure.ClientResourcesBuilderCustomizer;
import org.springframework.boot.tomcat.TomcatWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/** Wires the features. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(FragmentProperties.class)
class FragmentConfiguration {

  /** From the first write of a put to its last; the sweep takes what is older. */
  private static final Duration PUT_WINDOW = Duration.ofMinutes(10);

  @Bean
  MemoryTier memoryTier(FragmentProperties properties, Clock clock, MeterRegistry meters) {
    MemoryTier memory = memory(properties, clock);
    Gauge.builder(FragmentMetric.IN_FLIGHT.meter(), memory, MemoryTier::passingBytes)
        .register(meters);
    Gauge.builder(FragmentMetric.TIER_BYTES.meter(), memory, MemoryTier::keptBytes)
        .tag("tier", "memory")
        .register(meters);
    Gauge.builder(FragmentMetric.TIER_CAPACITY.meter(), memory, MemoryTier::keepBytes)
        .tag("tier", "memory")
        .register(meters);
    Gauge.builder(FragmentMetric.LEAKS.meter(), memory, MemoryTier::leaks).register(meters);
    return memory;
  }

  private static MemoryTier memory(FragmentProperties properties, Clock clock) {
    try {
      return new MemoryTier(
          properties.memory().toBytes(),
          properties.maxInFlight().toBytes(),
          properties.compression() == Compression.NONE ? 0 : properties.maxBytes().toBytes(),
          properties.maxWait(),
          properties.traceLeaks(),
          clock);
    } catch (IllegalStateException e) {
      throw new StartupProblem(
          "the machine or container has no %s for membrane.fragment.memory and %s for membrane.fragment.max-in-flight"
              .formatted(properties.memory(), properties.maxInFlight()),
          "Lower membrane.fragment.memory, or give the container more memory.");
    }
  }

  @Bean
  ClientResourcesBuilderCustomizer payloadWrites() {
    return resources -> resources.nettyCustomizer(new PayloadWrites());
  }

  @Bean
  FragmentStore fragmentStore(
      RedisConnectionFactory redis,
      FragmentProperties properties,
      MemoryTier memory,
      Neighbours neighbours,
      Clock clock,
      MeterRegistry meters) {
    requireZstd(properties.compression());
    FragmentStore store =
        new FragmentStore(
            redis,
            new StoreSettings(
                properties.node(),
                properties.cluster(),
                properties.defaultTtl(),
                properties.logLength(),
                PUT_WINDOW,
                properties.writeBehind().toBytes(),
                properties.compression()),
            Policy.standard(properties.sharing()),
            properties.redisCapacity() == null ? null : properties.redisCapacity().toBytes(),
            memory,
            neighbours,
            clock,
            meters);
    Gauge.builder(FragmentMetric.TIER_BYTES.meter(), store, FragmentStore::redisBytes)
        .tag("tier", "redis")
        .register(meters);
    Gauge.builder(FragmentMetric.TIER_CAPACITY.meter(), store, FragmentStore::redisCapacity)
        .tag("tier", "redis")
        .register(meters);
    Gauge.builder(FragmentMetric.WRITE_BEHIND_BYTES.meter(), store, FragmentStore::waitingBytes)
        .register(meters);
    return store;
  }

  private static void requireZstd(Compression compression) {
    if (compression == Compression.ZSTD) {
      try {
        ZstdCodec.load();
      } catch (IllegalStateException e) {
        throw new StartupProblem(
            String.valueOf(e.getMessage()),
            "Let the process write to java.io.tmpdir, or set membrane.fragment.compression to none.");
      }
    }
  }

  /** Begins after the connections to Redis and ends before them. */
  @Bean
  SmartLifecycle housekeeping(
      FragmentStore store, FragmentProperties properties, Elections elections) {
    Leadership sweeps = elections.candidateFor("fragment-sweep");
    return new SmartLifecycle() {

      private volatile boolean running;

      @Override
      public void start() {
        store.start(sweeps, properties.sweepEvery());
        running = true;
      }

      @Override
      public void stop() {
        store.stop();
        running = false;
      }

      @Override
      public boolean isRunning() {
        return running;
      }

      @Override
      public int getPhase() {
        return 1;
      }
    };
  }

  @Bean
  RequestCodings requestCodings() {
    return RequestCodings.zstdOfFragments();
  }

  @Bean
  DirectWriteTomcat directWrites() {
    return new DirectWriteTomcat();
  }

  @Bean
  SinglePut singlePut(FragmentStore store, FragmentProperties properties) {
    return new SinglePut(store, properties.maxBytes().toBytes());
  }

  /** Before observation (order −2³¹+1). */
  @Bean
  FilterRegistrationBean<DirectPutFilter> directPuts(
      SinglePut put, CallContexts contexts, MeterRegistry meters) {
    FilterRegistrationBean<DirectPutFilter> registration =
        new FilterRegistrationBean<>(
            new DirectPutFilter(put, contexts, meters.timer(FragmentMetric.DIRECT_PUTS.meter())));
    registration.addUrlPatterns("/v1/fragments/*");
    registration.setOrder(Ordered.HIGHEST_PRECEDENCE);
    return registration;
  }

  /** What is in memory is answered before the servlet. */
  @Bean
  WebServerFactoryCustomizer<TomcatWebServerFactory> memoryReads(
      FragmentStore store, Clock clock, MeterRegistry meters, Draining draining) {
    FragmentReadValve valve =
        new FragmentReadValve(
            new MemoryFragments(store, clock),
            outcome ->
                Timer.builder(FragmentMetric.MEMORY_READS.meter())
                    .tag("outcome", outcome.tag())
                    .register(meters),
            draining::isDraining);
    return factory -> factory.addContextValves(valve);
  }
}
