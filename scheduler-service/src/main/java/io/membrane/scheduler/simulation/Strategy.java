package io.membrane.scheduler.simulation;

import io.membrane.scheduler.planning.PlanInput;
import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.search.Search;
import io.membrane.scheduler.search.ThresholdRange;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.Workload;

/** Ways to use the same number of instances, to be compared under one load. */
public enum Strategy {
  /** Long prompts are offloaded; threshold, split and controllers as planned. */
  PRFAAS_PD,
  /** The same with every controller off: threshold and split stay, length alone decides. */
  PRFAAS_PD_UNCONTROLLED,
  /** As many instances, all of the PD cluster's most numerous decoding kind; the best split. */
  HOMOGENEOUS_PD,
  /** Every prompt is prefilled in the prefill clusters, every local instance decodes. */
  NAIVE_HETEROGENEOUS_PD;

  /** Whether a fleet can be set up so. */
  public boolean suits(Fleet fleet) {
    return this != NAIVE_HETEROGENEOUS_PD || fleet.prefillInstances() > 0;
  }

  /**
   * How this strategy sets a fleet up.
   *
   * @param plan the fleet and what it is planned for
   * @param best the plan's best configuration
   * @throws IllegalArgumentException if it does not suit the fleet
   */
  public Deployment deploy(PlanInput plan, Configuration best) {
    Fleet fleet = plan.fleet();
    Workload workload = plan.workload();
    return switch (this) {
      case PRFAAS_PD, PRFAAS_PD_UNCONTROLLED -> new Deployment(fleet, workload, best);
      case HOMOGENEOUS_PD -> {
        Fleet same = fleet.homogeneous();
        ThresholdRange local = ThresholdRange.local(workload.input());
        yield new Deployment(same, workload, Search.best(same, workload, local, plan.objective()));
      }
      case NAIVE_HETEROGENEOUS_PD -> {
        if (!suits(fleet)) {
          throw new IllegalArgumentException(
              "naive_heterogeneous_pd prefills in prefill clusters only, but there is none with"
                  + " instances; add one or leave this strategy out");
        }
        yield new Deployment(fleet, workload, Configuration.naive(fleet, workload));
      }
    };
  }

  /** The controllers that this strategy leaves on. */
  public Controls controls(Controls wanted) {
    return this == PRFAAS_PD ? wanted : Controls.OFF;
  }
}
