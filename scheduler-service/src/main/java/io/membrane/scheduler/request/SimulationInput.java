package io.membrane.scheduler.request;

import io.membrane.scheduler.simulation.SimulationSpec;
import io.membrane.scheduler.simulation.Strategy;
import io.membrane.scheduler.simulation.traffic.Trace;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs to compare, under the same load.
 *
 * @param offeredRps mean rate of the arrivals
 * @param trace that the prompts come from; null if they come from none
 */
public record SimulationInput(
    List<Contender> contenders, double offeredRps, @Nullable Trace trace) {

  /** A strategy and its run. */
  public record Contender(Strategy strategy, SimulationSpec spec) {}

  /** Copies the runs. */
  public SimulationInput {
    contenders = List.copyOf(contenders);
  }
}
