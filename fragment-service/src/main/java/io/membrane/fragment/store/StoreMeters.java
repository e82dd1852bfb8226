package io.membrane.fragment.store;

import io.membrane.rpc.MembraneException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Counts what becomes of puts and gets. */
final class StoreMeters {

  private static final String OUTCOME = "outcome";
  private static final String TIER = "tier";
  private static final String MEMORY = "memory";
  private static final String REDIS = "redis";

  private final MeterRegistry meters;
  private final Counter memoryHits;
  private final Counter memoryBytes;
  private final Counter redisBytes;
  private final Counter corrupt;
  private final Counter dangling;
  private final Counter expired;
  private final Counter evicted;
  private final Counter orphans;
  private final Counter lost;

  StoreMeters(MeterRegistry meters) {
    this.meters = meters;
    memoryHits = meters.counter(FragmentMetric.GETS.meter(), OUTCOME, MEMORY);
    memoryBytes = meters.counter(FragmentMetric.BYTES_OUT.meter(), TIER, MEMORY);
    redisBytes = meters.counter(FragmentMetric.BYTES_OUT.meter(), TIER, REDIS);
    corrupt = meters.counter(FragmentMetric.CORRUPT.meter());
    dangling = meters.counter(FragmentMetric.DANGLING.meter());
    expired = meters.counter(FragmentMetric.REMOVALS.meter(), "reason", "expired");
    evicted = meters.counter(FragmentMetric.REMOVALS.meter(), "reason", "evicted");
    orphans = meters.counter(FragmentMetric.ORPHANS.meter());
    lost = meters.counter(FragmentMetric.WRITE_BEHIND_LOST.meter());
  }

  FragmentStore.Stored put(long bytes, Supplier<FragmentStore.Stored> put) {
    try {
      FragmentStore.Stored stored = put.get();
      count(FragmentMetric.PUTS, stored.isNew() ? "stored" : "same", 1);
      if (stored.isNew()) {
        meters.counter(FragmentMetric.BYTES_IN.meter()).increment((double) bytes);
      }
      return stored;
    } catch (MembraneException e) {
      count(FragmentMetric.PUTS, e.code().code(), 1);
      throw e;
    }
  }

  /** A fragment that was in memory. */
  void memoryHit(Fragment found) {
    memoryHits.increment();
    memoryBytes.increment((double) found.body().length());
  }

  /** A put that was acknowledged from memory, and that Redis has refused. */
  void acknowledgedAndLost() {
    lost.increment();
  }

  List<@Nullable Fragment> load(int names, Supplier<List<@Nullable Fragment>> load) {
    try {
      List<@Nullable Fragment> loaded = load.get();
      for (Fragment fragment : loaded) {
        count(FragmentMetric.GETS, fragment == null ? "miss" : REDIS, 1);
        if (fragment != null) {
          redisBytes.increment((double) fragment.body().length());
        }
      }
      return loaded;
    } catch (MembraneException e) {
      count(FragmentMetric.GETS, e.code().code(), names);
      throw e;
    }
  }

  /** A question that failed before it was known where the answer is. */
  void failed(MembraneException e) {
    count(FragmentMetric.GETS, e.code().code(), 1);
  }

  void miss() {
    count(FragmentMetric.GETS, "miss", 1);
  }

  void corrupt() {
    corrupt.increment();
  }

  void dangling() {
    dangling.increment();
  }

  void removed(long ended, long driven) {
    expired.increment((double) ended);
    evicted.increment((double) driven);
  }

  void orphans(int found) {
    orphans.increment(found);
  }

  private void count(FragmentMetric metric, String outcome, int times) {
    meters.counter(metric.meter(), OUTCOME, outcome).increment(times);
  }
}
