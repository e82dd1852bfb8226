package io.membrane.reload;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.List;
import java.util.Objects;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.ConfigurableEnvironment;

/** For services that are told of a file with live settings. */
@AutoConfiguration
@ConditionalOnProperty("membrane.reload.file")
@EnableConfigurationProperties(ReloadProperties.class)
class ReloadAutoConfiguration {

  @Bean
  LiveLogLevels liveLogLevels(LoggingSystem loggers, ConfigurableEnvironment environment) {
    return new LiveLogLevels(loggers, Binder.get(environment));
  }

  @Bean
  LiveFileWatch liveFileWatch(
      ReloadProperties properties,
      ConfigurableEnvironment environment,
      List<LiveSettings> settings) {
    return new LiveFileWatch(
        Objects.requireNonNull(properties.file()), properties, environment, settings);
  }

  @Bean
  MeterBinder reloadMetrics(LiveFileWatch watch) {
    return meters -> {
      FunctionCounter.builder(ReloadMetric.RELOADS.meter(), watch, LiveFileWatch::reloads)
          .register(meters);
      FunctionCounter.builder(ReloadMetric.REFUSALS.meter(), watch, LiveFileWatch::refusals)
          .register(meters);
      Gauge.builder(ReloadMetric.CURRENT.meter(), watch, w -> w.isCurrent() ? 1 : 0)
          .register(meters);
    };
  }
}
