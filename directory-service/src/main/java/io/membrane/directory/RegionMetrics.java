package io.membrane.directory;

import io.membrane.directory.feed.Feed;
import io.membrane.directory.region.RegionFollower;
import io.membrane.directory.region.Regions;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.ToDoubleFunction;

/** Says how well other regions are known. */
final class RegionMetrics {

  private final MeterRegistry meters;

  RegionMetrics(MeterRegistry meters, Feed feed, Regions regions) {
    this.meters = meters;
    Gauge.builder(DirectoryMetric.FEED_READERS.id(), feed, Feed::readers).register(meters);
    regions.followers().forEach(this::add);
  }

  private void add(RegionFollower region) {
    Gauge.builder(DirectoryMetric.REGION_LAG.id(), region, r -> r.lagMs() / 1000.0)
        .baseUnit("seconds")
        .tag("region", region.region())
        .register(meters);
    Gauge.builder(DirectoryMetric.REGION_STALE.id(), region, r -> r.isStale() ? 1 : 0)
        .tag("region", region.region())
        .register(meters);
    FunctionCounter.builder(DirectoryMetric.REGION_RESETS.id(), region, RegionFollower::resets)
        .tag("region", region.region())
        .register(meters);
    lines(region, "taken", RegionFollower::taken);
    lines(region, "skipped", RegionFollower::skipped);
  }

  private void lines(
      RegionFollower region, String outcome, ToDoubleFunction<RegionFollower> count) {
    FunctionCounter.builder(DirectoryMetric.REGION_LINES.id(), region, count)
        .tag("region", region.region())
        .tag("outcome", outcome)
        .register(meters);
  }
}
