package io.membrane.fragment.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

class TenantCountersTest {

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final TenantCounters counters = new TenantCounters(meters);

  @Test
  void eachTenantIsCountedByItselfUntilThereAreTooMany() {
    for (int turn = 0; turn < 2; turn++) {
      for (int i = 0; i < TenantCounters.MOST + 10; i++) {
        counters.add(FragmentMetric.GETS, "t" + i, 3, "outcome", "miss");
      }
    }
    assertThat(count("t0")).isEqualTo(6);
    assertThat(count("t" + (TenantCounters.MOST - 1))).isEqualTo(6);
    assertThat(count(TenantCounters.OTHERS)).isEqualTo(60);
    assertThat(meters.find(FragmentMetric.GETS.meter()).counters())
        .hasSize(TenantCounters.MOST + 1);
  }

  private double count(String tenant) {
    Counter counter =
        meters.get(FragmentMetric.GETS.meter()).tags("tenant", tenant, "outcome", "miss").counter();
    return counter.count();
  }
}
