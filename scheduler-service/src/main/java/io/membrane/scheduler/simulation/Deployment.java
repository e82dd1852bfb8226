package io.membrane.scheduler.simulation;

import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.Workload;

/**
 * A fleet, what it was planned for, and how it is set up.
 *
 * @param configuration threshold and split of this fleet at this workload
 */
public record Deployment(Fleet fleet, Workload workload, Configuration configuration) {

  /** Refuses a configuration of another fleet. */
  public Deployment {
    if (configuration.prefillByPool().size() != fleet.pd().size()) {
      throw new IllegalArgumentException(
          "the configuration splits %d pools, but cluster '%s' has %d"
              .formatted(configuration.prefillByPool().size(), fleet.pdName(), fleet.pd().size()));
    }
    for (int i = 0; i < fleet.pd().size(); i++) {
      int n = configuration.prefillByPool().get(i);
      if (n < 0 || n > fleet.pd().get(i).instances()) {
        throw new IllegalArgumentException(
            "0 to %d instances of %s prefill, not %d"
                .formatted(fleet.pd().get(i).instances(), fleet.pd().get(i).type().name(), n));
      }
    }
    if (!(configuration.decodeRps() > 0)) {
      throw new IllegalArgumentException(
          "the configuration leaves no instance to decode; let fewer instances prefill");
    }
  }
}
