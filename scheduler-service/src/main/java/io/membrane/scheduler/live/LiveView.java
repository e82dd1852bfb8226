package io.membrane.scheduler.live;

import io.membrane.scheduler.control.CongestionControl.Cause;
import io.membrane.scheduler.control.RoleControl;
import io.membrane.scheduler.routing.Availability;
import io.membrane.scheduler.routing.InFlight;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.wire.SchedulerClient.Regime;
import io.membrane.wire.SchedulerClient.Role;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The running fleet as operators see it.
 *
 * @param thresholdTokens t
 * @param effectiveThresholdTokens the least effective threshold of the prefill clusters that are
 *     up; t if none has reported
 * @param regime of the link that this threshold belongs to
 * @param clusters that have reported, by name
 * @param roles null if the fleet is not described
 * @param knownAtMs Unix time of what is shown; it stands still while Redis is gone
 */
public record LiveView(
    int thresholdTokens,
    int effectiveThresholdTokens,
    Regime regime,
    List<Cluster> clusters,
    @Nullable Roles roles,
    long knownAtMs) {

  private static final double MIB = 1024.0 * 1024.0;

  /**
   * A cluster.
   *
   * @param reason why it is not up; empty if it is
   * @param share of the planned offload that its link may carry
   * @param pressure on its link, 1 being the limit
   * @param pressureCause signal that the pressure comes from
   * @param waitMs expected before a prefill starts
   * @param linkGbps rate of its link, as reported or else described; null if neither says
   * @param freeGbps what a transfer can expect of its link
   * @param inFlight decided by this replica and not finished
   * @param window the last samples, oldest first
   */
  public record Cluster(
      String cluster,
      Role role,
      Availability availability,
      String reason,
      int effectiveThresholdTokens,
      Regime regime,
      double share,
      @Nullable Double pressure,
      Cause pressureCause,
      double waitMs,
      @Nullable Double linkGbps,
      double freeGbps,
      InFlightView inFlight,
      Telemetry last,
      List<ClusterMemory.Sample> window) {}

  /** What is on its way to a cluster. */
  public record InFlightView(int requests, long tokens, double egressMib, double seconds) {}

  /** Instances by what they do. */
  public record Count(int prefill, int decode) {}

  /**
   * What long-term control wants of the PD cluster.
   *
   * @param actual as telemetry counts; null if it does not
   * @param sinceMs when the phase began; null before the first period
   */
  public record Roles(
      String cluster,
      Count wanted,
      @Nullable Count actual,
      RoleControl.Phase phase,
      @Nullable Long sinceMs,
      String reason) {}

  /** What is known of the fleet now. */
  public static LiveView of(LiveFleet live, String idle, long nowNanos) {
    Snapshot known = live.snapshot();
    List<Cluster> clusters = new ArrayList<>();
    Cluster lowest = null;
    for (var e : known.clusters().entrySet()) {
      Cluster c = cluster(e.getKey(), e.getValue(), live, nowNanos);
      clusters.add(c);
      if (c.role == Role.PREFILL
          && c.availability == Availability.UP
          && (lowest == null || c.effectiveThresholdTokens < lowest.effectiveThresholdTokens)) {
        lowest = c;
      }
    }
    return new LiveView(
        known.state().thresholdTokens(),
        lowest == null ? known.state().thresholdTokens() : lowest.effectiveThresholdTokens,
        lowest == null ? known.state().regime() : lowest.regime,
        clusters,
        live.description().own() ? roles(live, known, idle) : null,
        known.at().toEpochMilli());
  }

  private static Cluster cluster(String name, LiveCluster c, LiveFleet live, long nowNanos) {
    InFlight.Load load = live.inFlight().of(name, nowNanos);
    Double told = c.memory().last().linkGbps();
    return new Cluster(
        name,
        c.role(),
        c.condition().availability(),
        c.condition().availabilityReason(),
        c.condition().effectiveThresholdTokens(),
        c.condition().regime(),
        c.memory().share(),
        c.memory().pressure(),
        c.memory().cause(),
        1000 * c.condition().waitSeconds(),
        told == null ? live.description().linkGbps(name) : told,
        c.condition().linkGbps(),
        new InFlightView(load.requests(), load.tokens(), load.bytes() / MIB, load.seconds()),
        c.memory().last(),
        c.memory().window());
  }

  private static Roles roles(LiveFleet live, Snapshot known, String idle) {
    RoleControl.State state = known.roles();
    Fleet fleet = live.description().fleet();
    LiveCluster pd = known.clusters().get(fleet.pdName());
    Telemetry told = pd == null ? null : pd.memory().last();
    return new Roles(
        fleet.pdName(),
        new Count(state.nP(), fleet.pdInstances() - state.nP()),
        told == null || told.prefillInstances() == null || told.decodeInstances() == null
            ? null
            : new Count(told.prefillInstances(), told.decodeInstances()),
        state.phase(),
        state.since() == null ? null : state.since().toEpochMilli(),
        idle.isEmpty() ? state.reason() : idle);
  }
}
