package io.membrane.scheduler.routing;

import io.membrane.scheduler.throughput.Throughput;
import io.membrane.wire.SchedulerClient.Regime;
import io.membrane.wire.SchedulerClient.Transfer;
import org.jspecify.annotations.Nullable;

/**
 * Terms of the options of one prompt.
 *
 * <pre>
 * TTFT  = wait + T_prefill(incremental) + transfers
 * total = usdPerSecond · TTFT + T_prefill · usdPerInstanceSecond + GB that leave · usdPerGb
 * </pre>
 *
 * A prefill cluster sends S_kv(total − cached at the pd cluster). A moved prefix is as long as what
 * its target lacks of it, and crosses the prefill cluster's link before the prefill starts.
 *
 * <p>The wait is the longer of two views of one queue, never their sum: what telemetry measured,
 * and what this process has decided since. With n requests in flight on N instances a further one
 * starts when n − N + 1 of them have finished, which takes (n − N + 1) · (work / n) / N.
 */
final class Pricing {

  private static final double BYTES_PER_GB = 1e9;

  private final double usdPerSecond;
  private final int totalTokens;
  private final FleetState state;
  private final InFlight inFlight;
  private final long nowNanos;

  Pricing(
      double usdPerSecond, int totalTokens, FleetState state, InFlight inFlight, long nowNanos) {
    this.usdPerSecond = usdPerSecond;
    this.totalTokens = totalTokens;
    this.state = state;
    this.inFlight = inFlight;
    this.nowNanos = nowNanos;
  }

  /**
   * A prefill where it is decoded.
   *
   * @param source prefill cluster whose longer cache is moved here; null if none is
   */
  Option local(Candidate pd, @Nullable Candidate source) {
    ClusterCondition at = state.of(pd.cluster());
    int own = pd.cachedTokens();
    if (source == null) {
      return option(pd, at, own, null, terms(at, own, 0, 0, 0));
    }
    int cached = source.cachedTokens();
    ClusterCondition from = state.of(source.cluster());
    @Nullable ClusterCost cost = from.cost();
    @Nullable Terms terms = null;
    if (cost != null && from.linkGbps() > 0) {
      double bytes = cost.kvBytes().at(cached - own);
      double seconds = Throughput.gigabits(bytes) / from.linkGbps();
      terms = terms(at, cached, seconds, bytes, bytes / BYTES_PER_GB * cost.usdPerGb());
    }
    return option(pd, at, cached, new Transfer(from.cluster(), at.cluster(), cached), terms);
  }

  /**
   * A prefill behind a link. Where bandwidth is abundant, the pd cluster's cache is moved there if
   * it is longer.
   *
   * @param pd where it is decoded; null if nobody says
   */
  Option remote(Candidate prefill, @Nullable Candidate pd) {
    ClusterCondition at = state.of(prefill.cluster());
    int own = prefill.cachedTokens();
    int there = pd == null ? 0 : pd.cachedTokens();
    boolean moves = pd != null && at.regime() == Regime.ABUNDANT && there > own;
    @Nullable Terms terms = remoteTerms(at, own, there, moves ? pd : null);
    return moves && pd != null
        ? option(prefill, at, there, new Transfer(pd.cluster(), at.cluster(), there), terms)
        : option(prefill, at, own, null, terms);
  }

  private Option option(
      Candidate candidate,
      ClusterCondition at,
      int cached,
      @Nullable Transfer transfer,
      @Nullable Terms terms) {
    long inFlightTokens = inFlight.of(candidate.cluster(), nowNanos).tokens();
    return new Option(candidate, at, cached, transfer, inFlightTokens, terms);
  }

  private @Nullable Terms remoteTerms(
      ClusterCondition at, int own, int there, @Nullable Candidate source) {
    @Nullable ClusterCost cost = at.cost();
    if (cost == null || at.linkGbps() == 0) {
      return null;
    }
    double bytes = cost.kvBytes().at(totalTokens - there);
    double usd = bytes / BYTES_PER_GB * cost.usdPerGb();
    double seconds = Throughput.gigabits(bytes) / at.linkGbps();
    if (source == null) {
      return terms(at, own, seconds, bytes, usd);
    }
    @Nullable ClusterCost from = state.of(source.cluster()).cost();
    if (from == null) {
      return null;
    }
    double moved = from.kvBytes().at(there - own);
    return terms(
        at,
        there,
        seconds + Throughput.gigabits(moved) / at.linkGbps(),
        bytes,
        usd + moved / BYTES_PER_GB * from.usdPerGb());
  }

  private @Nullable Terms terms(
      ClusterCondition at, int cached, double transferSeconds, double egress, double egressUsd) {
    @Nullable ClusterCost cost = at.cost();
    if (cost == null) {
      return null;
    }
    int incremental = totalTokens - cached;
    double wait = Math.max(at.waitSeconds(), queued(at.cluster(), cost.instances()));
    double prefill = cost.prefillSeconds().at(incremental);
    double ttft = wait + prefill + transferSeconds;
    double gpuUsd = prefill * cost.usdPerInstanceSecond();
    return new Terms(
        at.cluster(),
        incremental,
        wait,
        prefill,
        transferSeconds,
        ttft,
        egress,
        gpuUsd,
        egressUsd,
        usdPerSecond * ttft + gpuUsd + egressUsd);
  }

  private double queued(String cluster, int instances) {
    InFlight.Load load = inFlight.of(cluster, nowNanos);
    int n = load.requests();
    return n < instances ? 0 : (n - instances + 1) * (load.seconds() / n) / instances;
  }
}
