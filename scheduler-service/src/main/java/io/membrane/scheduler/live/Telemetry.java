package io.membrane.scheduler.live;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.scheduler.control.LinkSample;
import io.membrane.scheduler.control.LocalLoad;
import io.membrane.wire.SchedulerClient;
import io.membrane.wire.SchedulerClient.Role;
import java.time.Instant;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a cluster measured of itself. Everything but its name may be left out; what is left out is
 * not known.
 *
 * @param cluster its name, as routes call it
 * @param role default: what the fleet's description or earlier telemetry says, else prefill
 * @param sampledAtMs Unix time of the measurement; default: when it arrives
 * @param status default: up
 * @param egressGbps what its link carries, Gbps
 * @param linkGbps what its link could carry, Gbps; default: what the fleet's description says
 * @param queueDepth requests that wait for a prefill
 * @param utilisation share in use, 0 to 1: of a PD cluster's prefill instances; of a prefill
 *     cluster's link, which {@code egressGbps} over the link's rate replaces where both are known
 * @param loss share of packets lost on its link, 0 to 1
 * @param retransmissions share of packets sent again on its link, 0 to 1
 * @param prefillInstances instances that prefill now
 * @param decodeInstances instances that decode now (pd)
 * @param decodeQueueDepth requests that wait for a place in a decode batch (pd)
 * @param decodeUtilisation share of the places in decode batches that is taken, 0 to 1 (pd)
 */
public record Telemetry(
    @Nullable String cluster,
    @Nullable Role role,
    @Nullable Long sampledAtMs,
    @Nullable Status status,
    @Nullable Double egressGbps,
    @Nullable Double linkGbps,
    @Nullable Double queueDepth,
    @Nullable Double utilisation,
    @Nullable Double loss,
    @Nullable Double retransmissions,
    @Nullable Integer prefillInstances,
    @Nullable Integer decodeInstances,
    @Nullable Double decodeQueueDepth,
    @Nullable Double decodeUtilisation) {

  private static final Pattern NAME = Pattern.compile(SchedulerClient.NAME);
  private static final long MAX_AHEAD_MS = 60_000;

  /** What a cluster says of itself. */
  public enum Status {
    /** Takes prompts. */
    UP,
    /** Finishes what it has and takes nothing new. */
    DRAINING,
    /** Its link, or itself, is out of order. */
    GONE
  }

  /**
   * Refuses what cannot have been measured.
   *
   * @throws MembraneException {@link ErrorCode#IMPOSSIBLE_REQUEST} that names the field
   */
  public Telemetry checked(Instant now) {
    if (cluster == null || !NAME.matcher(cluster).matches()) {
      throw impossible(
          "cluster: write the cluster's name, of 1 to 256 printable characters, not all blank");
    }
    if (sampledAtMs != null
        && (sampledAtMs < 0 || sampledAtMs > now.toEpochMilli() + MAX_AHEAD_MS)) {
      throw impossible(
          "sampled_at_ms: %d is not a Unix time in milliseconds up to now".formatted(sampledAtMs));
    }
    number("egress_gbps", egressGbps, 0, 1e9);
    number("link_gbps", linkGbps, 1e-6, 1e9);
    number("queue_depth", queueDepth, 0, 1e9);
    number("utilisation", utilisation, 0, 1);
    number("loss", loss, 0, 1);
    number("retransmissions", retransmissions, 0, 1);
    number("prefill_instances", prefillInstances, 0, 1e5);
    number("decode_instances", decodeInstances, 0, 1e5);
    number("decode_queue_depth", decodeQueueDepth, 0, 1e9);
    number("decode_utilisation", decodeUtilisation, 0, 1);
    return this;
  }

  /** The cluster's name, which {@link #checked} has seen. */
  public String name() {
    if (cluster == null) {
      throw new IllegalStateException("telemetry without a cluster was not checked");
    }
    return cluster;
  }

  /**
   * The same with a time: its own, or that of its arrival, which is after all that came before.
   *
   * @param before what came before; null if nothing did
   */
  Telemetry stamped(Instant now, @Nullable Telemetry before) {
    if (sampledAtMs != null) {
      return this;
    }
    long earliest = before == null || before.sampledAtMs == null ? 0 : before.sampledAtMs + 1;
    return new Telemetry(
        cluster,
        role,
        Math.max(now.toEpochMilli(), earliest),
        status,
        egressGbps,
        linkGbps,
        queueDepth,
        utilisation,
        loss,
        retransmissions,
        prefillInstances,
        decodeInstances,
        decodeQueueDepth,
        decodeUtilisation);
  }

  /** Whether it was measured after the other; both are stamped. */
  boolean isAfter(Telemetry other) {
    return sampledAtMs != null && (other.sampledAtMs == null || sampledAtMs > other.sampledAtMs);
  }

  /** What it says of the link. */
  LinkSample link(Instant at, double describedGbps) {
    double gbps = linkGbps == null ? describedGbps : linkGbps;
    boolean rated = egressGbps != null && !Double.isNaN(gbps);
    return new LinkSample(
        at,
        known(rated ? egressGbps : utilisation),
        rated ? gbps : 1,
        known(queueDepth),
        known(loss),
        known(retransmissions));
  }

  /** What it says of prefill in a PD cluster of which so many instances are to prefill. */
  LocalLoad local(int wantedInstances) {
    return new LocalLoad(
        known(utilisation),
        known(queueDepth),
        prefillInstances == null ? wantedInstances : prefillInstances);
  }

  private static double known(@Nullable Double value) {
    return value == null ? Double.NaN : value;
  }

  private static void number(String field, @Nullable Number given, double min, double max) {
    if (given == null) {
      return;
    }
    double value = given.doubleValue();
    if (!(value >= min) || !(value <= max)) {
      throw impossible(
          String.format(
              Locale.ROOT, "%s: write a number from %s to %s, not %s", field, min, max, given));
    }
  }

  private static MembraneException impossible(String detail) {
    return new MembraneException(ErrorCode.IMPOSSIBLE_REQUEST, detail);
  }
}
