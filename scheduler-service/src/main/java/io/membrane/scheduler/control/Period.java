package io.membrane.scheduler.control;

import io.membrane.scheduler.throughput.Lengths;
import io.membrane.scheduler.throughput.Workload;
import java.time.Instant;
import java.util.List;

/**
 * What was measured in a period of long-term control.
 *
 * @param at its end
 * @param lengths incremental lengths, after prefix match, in a window up to now
 * @param samples how many requests the lengths were seen in
 * @param outputTokens mean tokens that a request decoded, > 0
 * @param prefill load of the PD cluster's prefill instances
 * @param decode load of its decode instances
 * @param prefillByPool instances of each pool that prefill; one that is being converted counts as
 *     what it was until it is done
 */
public record Period(
    Instant at,
    Lengths lengths,
    long samples,
    double outputTokens,
    StageLoad prefill,
    StageLoad decode,
    List<Integer> prefillByPool) {

  /** Copies the split. */
  public Period {
    prefillByPool = List.copyOf(prefillByPool);
  }

  Workload workload() {
    return new Workload(lengths, outputTokens);
  }
}
