package io.membrane.directory;

import io.membrane.directory.feed.Feed;
import io.membrane.directory.region.RegionFollower;
import io.membrane.directory.region.Regions;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToDoubleFunction;

/** Says how well other regions are known. */
final class RegionMetrics {

  private final MeterRegistry meters;
  private final Map<RegionFollower, List<Meter>> byRegion = new ConcurrentHashMap<>();

  RegionMetrics(MeterRegistry meters, Feed feed, Regions regions) {
    this.meters = meters;
    Gauge.builder(DirectoryMetric.FEED_READERS.id(), feed, Feed::readers).register(meters);
    regions.observe(this::add, this::remove);
  }

  private void add(RegionFollower region) {
    byRegion.put(
        region,
        List.of(
            gauge(DirectoryMetric.REGION_LAG, region, r -> r.lagMs() / 1000.0)
                .baseUnit("seconds")
                .register(meters),
            gauge(DirectoryMetric.REGION_STALE, region, r -> r.isStale() ? 1 : 0).register(meters),
            FunctionCounter.builder(
                    DirectoryMetric.REGION_RESETS.id(), region, RegionFollower::resets)
                .tag("region", region.region())
                .register(meters),
            lines(region, "taken", RegionFollower::taken),
            lines(region, "skipped", RegionFollower::skipped)));
  }

  private void remove(RegionFollower region) {
    List<Meter> gone = byRegion.remove(region);
    if (gone != null) {
      gone.forEach(meters::remove);
    }
  }

  private static Gauge.Builder<RegionFollower> gauge(
      DirectoryMetric metric, RegionFollower region, ToDoubleFunction<RegionFollower> value) {
    return Gauge.builder(metric.id(), region, value).tag("region", region.region());
  }

  private Meter lines(
      RegionFollower region, String outcome, ToDoubleFunction<RegionFollower> count) {
    return FunctionCounter.builder(DirectoryMetric.REGION_LINES.id(), region, count)
        .tag("region", region.region())
        .tag("outcome", outcome)
        .register(meters);
  }
}
