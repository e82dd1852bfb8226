package io.membrane.scheduler.planning;

import io.membrane.scheduler.search.Objective;
import io.membrane.scheduler.search.ThresholdRange;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.Workload;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is to be planned.
 *
 * @param priced whether a price was given; without one the answer names no cost
 * @param arrivalRps requests that really arrive, per second, > 0; null if that is not asked
 * @param caseStudy whether this is the paper's case study, so that its figures can be held against
 *     the published ones
 * @param notes what a reader of the answer has to know about the profiles
 */
public record PlanInput(
    Fleet fleet,
    Workload workload,
    ThresholdRange thresholds,
    Objective objective,
    boolean priced,
    @Nullable Double arrivalRps,
    boolean caseStudy,
    List<String> notes) {

  /** Refuses an arrival rate that is none, and a cost to be minimised without prices. */
  public PlanInput {
    notes = List.copyOf(notes);
    if (arrivalRps != null && (!(arrivalRps > 0) || !Double.isFinite(arrivalRps))) {
      throw new IllegalArgumentException(
          "requests arrive at a finite rate above 0 per second, not " + arrivalRps);
    }
  }
}
