package io.membrane.fragment;

import io.membrane.fragment.inflight.InFlight;
import io.membrane.fragment.store.FragmentMetric;
import io.membrane.fragment.store.FragmentStore;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/** Wires the features. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(FragmentProperties.class)
class FragmentConfiguration {

  @Bean
  FragmentStore fragmentStore(
      RedisConnectionFactory redis,
      FragmentProperties properties,
      Clock clock,
      MeterRegistry meters) {
    return new FragmentStore(
        redis,
        new FragmentStore.Settings(
            properties.node(),
            properties.cluster(),
            properties.defaultTtl(),
            properties.logLength()),
        clock,
        meters);
  }

  @Bean
  InFlight inFlight(FragmentProperties properties, MeterRegistry meters) {
    InFlight inFlight = new InFlight(properties.maxInFlight().toBytes(), properties.maxWait());
    Gauge.builder(FragmentMetric.IN_FLIGHT.meter(), inFlight, InFlight::bytes).register(meters);
    return inFlight;
  }
}
