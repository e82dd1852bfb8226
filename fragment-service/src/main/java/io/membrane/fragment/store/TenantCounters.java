package io.membrane.fragment.store;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Counters with a tag {@code tenant}. The first {@value #MOST} tenants are told apart and the rest
 * is {@value #OTHERS}, so that callers cannot make any number of series. Thread-safe.
 */
final class TenantCounters {

  static final int MOST = 64;
  static final String OTHERS = "other";

  private final MeterRegistry meters;
  private final Set<String> known = ConcurrentHashMap.newKeySet();
  private final Map<Series, Counter> counters = new ConcurrentHashMap<>();

  TenantCounters(MeterRegistry meters) {
    this.meters = meters;
  }

  private record Series(FragmentMetric metric, String tenant, List<String> tags) {}

  /**
   * Counts.
   *
   * @param tags keys and values of few kinds
   */
  void add(FragmentMetric metric, String tenant, long amount, String... tags) {
    counters
        .computeIfAbsent(new Series(metric, tag(tenant), List.of(tags)), this::counter)
        .increment((double) amount);
  }

  private String tag(String tenant) {
    if (known.contains(tenant)) {
      return tenant;
    }
    synchronized (known) {
      return known.size() < MOST && known.add(tenant) ? tenant : OTHERS;
    }
  }

  private Counter counter(Series series) {
    return meters.counter(
        series.metric().meter(),
        Tags.of(series.tags().toArray(String[]::new)).and("tenant", series.tenant()));
  }
}
