package io.membrane.directory;

import io.membrane.directory.snapshot.Snapshots;
import io.membrane.leadership.Elections;
import io.membrane.leadership.Leadership;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Clock;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(SnapshotProperties.class)
class SnapshotConfiguration {

  @Bean
  Snapshots snapshots(
      SnapshotProperties properties,
      DirectoryProperties directory,
      Clock clock,
      Elections elections) {
    SnapshotProperties checked = properties.checked();
    return new Snapshots(
        checked.folder(),
        checked.snapshotEvery(),
        directory.checked().maxLogBytes().toBytes() / 2,
        clock,
        checked.snapshotShared()
            ? elections.candidateFor("directory-snapshots")
            : Leadership.ALONE);
  }

  @Bean
  MeterBinder snapshotMetrics(Snapshots snapshots) {
    return (MeterRegistry meters) -> {
      Gauge.builder(DirectoryMetric.SNAPSHOT_DURATION.id(), snapshots, Snapshots::lastSeconds)
          .baseUnit("seconds")
          .register(meters);
      Gauge.builder(DirectoryMetric.SNAPSHOT_AGE.id(), snapshots, Snapshots::ageSeconds)
          .baseUnit("seconds")
          .register(meters);
      Gauge.builder(DirectoryMetric.SNAPSHOT_SIZE.id(), snapshots, Snapshots::lastBytes)
          .baseUnit("bytes")
          .register(meters);
      FunctionCounter.builder(
              DirectoryMetric.SNAPSHOT_FAILURES.id(), snapshots, Snapshots::failures)
          .register(meters);
    };
  }
}
