package io.membrane.scheduler.simulation;

import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.search.Objective;
import io.membrane.scheduler.search.Search;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.Pool;
import io.membrane.scheduler.throughput.PrefillCluster;
import io.membrane.scheduler.throughput.Workload;
import java.util.Comparator;
import java.util.List;

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

  /** How this strategy sets a fleet up for a workload. */
  public Deployment deploy(Fleet fleet, Workload workload) {
    return switch (this) {
      case PRFAAS_PD, PRFAAS_PD_UNCONTROLLED ->
          new Deployment(fleet, workload, Search.best(fleet, workload, Objective.THROUGHPUT));
      case HOMOGENEOUS_PD -> {
        Fleet homogeneous = homogeneous(fleet);
        yield new Deployment(
            homogeneous, workload, Search.best(homogeneous, workload, Objective.THROUGHPUT));
      }
      case NAIVE_HETEROGENEOUS_PD -> {
        if (fleet.prefill().stream().allMatch(c -> c.instances() == 0)) {
          throw new IllegalArgumentException(
              "naive_heterogeneous_pd prefills in prefill clusters only, but there is none with"
                  + " instances; add one or leave this strategy out");
        }
        int below = (int) Math.ceil(workload.input().min()) - 1;
        List<Integer> none =
            fleet.pd().stream().map(p -> canDecode(p) ? 0 : p.instances()).toList();
        yield new Deployment(fleet, workload, Configuration.of(fleet, workload, below, none));
      }
    };
  }

  /** The controllers that this strategy leaves on. */
  public Controls controls(Controls wanted) {
    return this == PRFAAS_PD ? wanted : Controls.OFF;
  }

  private static Fleet homogeneous(Fleet fleet) {
    Pool most =
        fleet.pd().stream()
            .filter(Strategy::canDecode)
            .max(Comparator.comparingInt(Pool::instances))
            .orElseThrow();
    int instances =
        fleet.pd().stream().mapToInt(Pool::instances).sum()
            + fleet.prefill().stream().mapToInt(PrefillCluster::instances).sum();
    return new Fleet(
        fleet.kvBytes(), List.of(), fleet.pdName(), List.of(new Pool(most.type(), instances)));
  }

  private static boolean canDecode(Pool pool) {
    return pool.type().decode() != null;
  }
}
