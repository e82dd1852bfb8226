package io.membrane.scheduler.simulation;

import io.membrane.scheduler.simulation.link.LinkBehaviour;
import io.membrane.scheduler.simulation.link.Outage;
import io.membrane.scheduler.simulation.traffic.Prompts;
import io.membrane.scheduler.simulation.traffic.Trace;
import io.membrane.scheduler.simulation.traffic.Traffic;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.Pool;
import io.membrane.scheduler.throughput.PrefillCluster;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What to simulate.
 *
 * @param deployment the fleet and how it is set up
 * @param traffic what it is asked for
 * @param span how long
 * @param links how they behave
 * @param cacheBlocks blocks that each cluster's prefix cache holds; 0 for no caches, {@link
 *     Long#MAX_VALUE} for unbounded ones; only a trace has prefixes to hit
 * @param controls what adapts itself
 * @param batchTokens up to how many tokens an instance prefills several prompts at once; 0 for one
 *     by one, as in the throughput model
 * @param ttftLimitSeconds time to first token that is good enough
 * @param seed of everything random; the same spec and seed give the same report
 */
public record SimulationSpec(
    Deployment deployment,
    Traffic traffic,
    Span span,
    LinkBehaviour links,
    long cacheBlocks,
    Controls controls,
    int batchTokens,
    double ttftLimitSeconds,
    long seed) {

  /** Most instances of a fleet that is simulated. */
  public static final int MAX_INSTANCES = 100_000;

  private static final int MAX_CLUSTERS = 64;
  private static final int MAX_BATCH_TOKENS = 10_000_000;
  private static final double TTFT_LIMIT_SECONDS = 10;

  /** Refuses a fleet that serves nobody, and what is out of bounds. */
  public SimulationSpec {
    Fleet fleet = deployment.fleet();
    if (fleet.prefill().size() > MAX_CLUSTERS) {
      throw new IllegalArgumentException(
          "at most %d prefill clusters are simulated, not %d"
              .formatted(MAX_CLUSTERS, fleet.prefill().size()));
    }
    long instances =
        Stream.concat(
                fleet.pd().stream(), fleet.prefill().stream().flatMap(c -> c.pools().stream()))
            .mapToLong(Pool::instances)
            .sum();
    if (instances > MAX_INSTANCES) {
      throw new IllegalArgumentException(
          "at most %d instances are simulated, not %d".formatted(MAX_INSTANCES, instances));
    }
    if (deployment.configuration().nP() == 0 && fleet.prefillInstances() == 0) {
      throw new IllegalArgumentException(
          "no instance prefills; let one of cluster '%s' do so, or add a prefill cluster"
              .formatted(fleet.pdName()));
    }
    for (Outage o : links.outages()) {
      if (o.cluster() != null
          && fleet.prefill().stream().map(PrefillCluster::name).noneMatch(o.cluster()::equals)) {
        throw new IllegalArgumentException(
            "an outage is named for cluster '%s', which is no prefill cluster of the fleet"
                .formatted(o.cluster()));
      }
    }
    if (cacheBlocks < 0) {
      throw new IllegalArgumentException(
          "a prefix cache holds 0 or more blocks, not " + cacheBlocks);
    }
    if (batchTokens < 0 || batchTokens > MAX_BATCH_TOKENS) {
      throw new IllegalArgumentException(
          "a batch has 0 to %d tokens, not %d".formatted(MAX_BATCH_TOKENS, batchTokens));
    }
    if (!(ttftLimitSeconds > 0) || !Double.isFinite(ttftLimitSeconds)) {
      throw new IllegalArgumentException(
          "the limit of the time to first token is finite and above 0 s, not " + ttftLimitSeconds);
    }
  }

  /** Ideal links, unbounded caches, no batching, 10 s for the first token. */
  public static SimulationSpec of(
      Deployment deployment, Traffic traffic, Span span, Controls controls, long seed) {
    return new SimulationSpec(
        deployment,
        traffic,
        span,
        LinkBehaviour.IDEAL,
        Long.MAX_VALUE,
        controls,
        0,
        TTFT_LIMIT_SECONDS,
        seed);
  }

  /** The trace that the prompts come from, or null. */
  @Nullable Trace trace() {
    return traffic.prompts() instanceof Prompts.OfTrace t ? t.trace() : null;
  }
}
