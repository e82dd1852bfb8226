package io.membrane.fragment.store;

import io.membrane.rpc.MembraneException;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Counts what becomes of puts and gets. */
final class StoreMeters {

  private static final String OUTCOME = "outcome";

  private final MeterRegistry meters;

  StoreMeters(MeterRegistry meters) {
    this.meters = meters;
    meters.counter(FragmentMetric.CORRUPT.meter());
  }

  FragmentStore.Stored put(int bytes, Supplier<FragmentStore.Stored> put) {
    try {
      FragmentStore.Stored stored = put.get();
      count(FragmentMetric.PUTS, stored.isNew() ? "stored" : "same", 1);
      if (stored.isNew()) {
        meters.counter(FragmentMetric.BYTES_IN.meter()).increment(bytes);
      }
      return stored;
    } catch (MembraneException e) {
      count(FragmentMetric.PUTS, e.code().code(), 1);
      throw e;
    }
  }

  List<@Nullable Fragment> get(int keys, Supplier<List<@Nullable Fragment>> get) {
    try {
      List<@Nullable Fragment> found = get.get();
      for (Fragment fragment : found) {
        count(FragmentMetric.GETS, fragment == null ? "miss" : "hit", 1);
        if (fragment != null) {
          meters.counter(FragmentMetric.BYTES_OUT.meter()).increment(fragment.body().length);
        }
      }
      return found;
    } catch (MembraneException e) {
      count(FragmentMetric.GETS, e.code().code(), keys);
      throw e;
    }
  }

  void miss() {
    count(FragmentMetric.GETS, "miss", 1);
  }

  void corrupt() {
    meters.counter(FragmentMetric.CORRUPT.meter()).increment();
  }

  private void count(FragmentMetric metric, String outcome, int times) {
    meters.counter(metric.meter(), OUTCOME, outcome).increment(times);
  }
}
