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
  private static final String MISS = "miss";
  private static final String PEER = "peer";

  private final TenantCounters counters;
  private final Counter corrupt;
  private final Counter dangling;
  private final Counter expired;
  private final Counter evicted;
  private final Counter orphans;
  private final Counter lost;

  StoreMeters(MeterRegistry meters) {
    counters = new TenantCounters(meters);
    corrupt = meters.counter(FragmentMetric.CORRUPT.meter());
    dangling = meters.counter(FragmentMetric.DANGLING.meter());
    expired = meters.counter(FragmentMetric.REMOVALS.meter(), "reason", "expired");
    evicted = meters.counter(FragmentMetric.REMOVALS.meter(), "reason", "evicted");
    orphans = meters.counter(FragmentMetric.ORPHANS.meter());
    lost = meters.counter(FragmentMetric.WRITE_BEHIND_LOST.meter());
  }

  FragmentStore.Stored put(String tenant, long bytes, Supplier<FragmentStore.Stored> put) {
    try {
      FragmentStore.Stored stored = put.get();
      count(FragmentMetric.PUTS, tenant, stored.isNew() ? "stored" : "same", 1);
      if (stored.isNew()) {
        counters.add(FragmentMetric.BYTES_IN, tenant, bytes);
      }
      return stored;
    } catch (MembraneException e) {
      count(FragmentMetric.PUTS, tenant, e.code().code(), 1);
      throw e;
    }
  }

  /** A fragment that was in memory. */
  void memoryHit(String tenant, Fragment found) {
    memoryHits(tenant, 1, found.body().length());
  }

  /** So many fragments, of so many bytes in all, that were in memory. */
  void memoryHits(String tenant, int found, long bytes) {
    count(FragmentMetric.GETS, tenant, MEMORY, found);
    counters.add(FragmentMetric.BYTES_OUT, tenant, bytes, TIER, MEMORY);
  }

  /** A put that was acknowledged from memory, and that Redis has refused. */
  void acknowledgedAndLost() {
    lost.increment();
  }

  List<@Nullable Fragment> load(String tenant, int names, Supplier<List<@Nullable Fragment>> load) {
    try {
      List<@Nullable Fragment> loaded = load.get();
      for (Fragment fragment : loaded) {
        count(FragmentMetric.GETS, tenant, fragment == null ? MISS : REDIS, 1);
        if (fragment != null) {
          handedOut(tenant, REDIS, fragment);
        }
      }
      return loaded;
    } catch (MembraneException e) {
      count(FragmentMetric.GETS, tenant, e.code().code(), names);
      throw e;
    }
  }

  /** A fragment that was in another node's memory. */
  void peerHit(String tenant, Fragment fragment) {
    count(FragmentMetric.GETS, tenant, PEER, 1);
    handedOut(tenant, PEER, fragment);
  }

  private void handedOut(String tenant, String tier, Fragment fragment) {
    counters.add(FragmentMetric.BYTES_OUT, tenant, fragment.body().length(), TIER, tier);
  }

  /** A question of so many names that failed before it was known where the answers are. */
  void failed(String tenant, MembraneException e, int names) {
    count(FragmentMetric.GETS, tenant, e.code().code(), names);
  }

  void miss(String tenant) {
    count(FragmentMetric.GETS, tenant, MISS, 1);
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

  private void count(FragmentMetric metric, String tenant, String outcome, int times) {
    counters.add(metric, tenant, times, OUTCOME, outcome);
  }
}
