package io.membrane.scheduler;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.WireJson;
import io.membrane.scheduler.jobs.Work;
import io.membrane.scheduler.request.SimulationInput;
import io.membrane.scheduler.request.SimulationInput.Contender;
import io.membrane.scheduler.request.SimulationRequest;
import io.membrane.scheduler.request.SimulationRequests;
import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.simulation.Simulation;
import io.membrane.scheduler.simulation.SimulationReport;
import io.membrane.scheduler.simulation.SimulationSpec;
import io.membrane.scheduler.simulation.Strategy;
import io.membrane.scheduler.simulation.cache.CacheReport;
import io.membrane.scheduler.simulation.traffic.Trace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** Turns a request into work. */
final class Simulator {

  /** A run has no deadline; it is bounded in its requests, and can be cancelled. */
  private static final Duration NO_DEADLINE = Duration.ofDays(1);

  private final SimulationRequests requests;
  private final PlanThreads threads;

  Simulator(SimulationRequests requests, PlanThreads threads) {
    this.requests = requests;
    this.threads = threads;
  }

  /**
   * What came out.
   *
   * @param offeredRps mean rate of the arrivals
   * @param strategies in the order in which they were asked for
   * @param caches what caches of several sizes hit in the trace; null without one
   */
  record Outcome(double offeredRps, List<Compared> strategies, @Nullable List<CacheSize> caches) {}

  /**
   * One strategy.
   *
   * @param lambdaMaxRps what the model says that it sustains
   */
  record Compared(
      Strategy strategy,
      int thresholdTokens,
      int nPrefill,
      @JsonProperty("n_p") int nP,
      @JsonProperty("n_d") int nD,
      double lambdaMaxRps,
      SimulationReport report) {}

  /**
   * A prefix cache, and what the trace hits in it by itself.
   *
   * @param blocks null for one that nothing leaves
   */
  record CacheSize(@Nullable Long blocks, long hitBlocks, double hitRatio) {}

  /**
   * Checks the request; the work then starts from it again, so that what waits is small.
   *
   * @throws io.membrane.rpc.MembraneException saying which part of the request is wrong
   */
  Work prepare(String tenant, SimulationRequest request) {
    threads.call(checkpoint -> requests.resolve(request, checkpoint));
    return progress ->
        CallContext.of(tenant, NO_DEADLINE)
            .call(() -> {
              SimulationInput input = requests.resolve(request, () -> checkNotCancelled(progress));
              return WireJson.mapper().writeValueAsString(run(input, progress));
            });
  }

  private static void checkNotCancelled(Work.Progress progress) {
    if (progress.isCancelled()) {
      throw new CancellationException();
    }
  }

  private static Outcome run(SimulationInput input, Work.Progress progress) {
    List<Compared> compared = new ArrayList<>();
    int runs = input.contenders().size();
    for (Contender contender : input.contenders()) {
      int done = compared.size();
      SimulationReport report =
          Simulation.run(
              contender.spec(),
              share -> {
                progress.report((done + share) / runs);
                return !progress.isCancelled();
              });
      compared.add(compared(contender.strategy(), contender.spec(), report));
    }
    return new Outcome(
        input.offeredRps(), compared, input.trace() == null ? null : caches(input.trace()));
  }

  private static Compared compared(
      Strategy strategy, SimulationSpec spec, SimulationReport report) {
    Configuration c = spec.deployment().configuration();
    return new Compared(
        strategy,
        c.thresholdTokens(),
        spec.deployment().fleet().prefillInstances(),
        c.nP(),
        c.nD(),
        c.sustainedRps(),
        report);
  }

  private static List<CacheSize> caches(Trace trace) {
    return CacheReport.of(trace, CacheReport.CAPACITIES).rows().stream()
        .map(row ->
            new CacheSize(
                row.capacityBlocks() == CacheReport.UNBOUNDED ? null : row.capacityBlocks(),
                row.hitBlocks(),
                row.hitRatio()))
        .toList();
  }
}
