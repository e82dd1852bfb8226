package io.membrane.scheduler.live;

import io.membrane.scheduler.control.CongestionControl;
import io.membrane.scheduler.control.RoleControl;
import io.membrane.scheduler.routing.Availability;
import io.membrane.scheduler.routing.ClusterCondition;
import io.membrane.scheduler.routing.ClusterCost;
import io.membrane.scheduler.routing.FleetState;
import io.membrane.scheduler.throughput.PrefillCluster;
import io.membrane.wire.SchedulerClient.Role;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What follows for routing from what is remembered, at a moment. Pure; thread-safe. */
final class Judge {

  /** Of a link's rate, what a transfer can expect however busy the link is. OURS. */
  private static final double LEAST_LINK_SHARE = 0.1;

  private final FleetDescription description;
  private final MeasuredSpeeds speeds;
  private final LiveSettings settings;
  private final CongestionControl congestion;

  Judge(
      FleetDescription description,
      MeasuredSpeeds speeds,
      LiveSettings settings,
      CongestionControl congestion) {
    this.description = description;
    this.speeds = speeds;
    this.settings = settings;
    this.congestion = congestion;
  }

  /** Every cluster that has reported or is described. */
  Snapshot judge(Instant now, RoleControl.State roles, Map<String, ClusterMemory> memories) {
    Map<String, LiveCluster> clusters = new TreeMap<>();
    Map<String, ClusterCondition> conditions = new HashMap<>();
    for (String name : description.names()) {
      conditions.put(name, unreported(name, roles, now));
    }
    memories.forEach((name, memory) -> {
      ClusterCondition condition = reported(name, memory, roles, now);
      clusters.put(name, new LiveCluster(memory, condition));
      conditions.put(name, condition);
    });
    return new Snapshot(
        now,
        roles,
        clusters,
        new FleetState(roles.thresholdTokens(), settings.firstRegime(), conditions));
  }

  /** A cluster that is described and has never reported. */
  private ClusterCondition unreported(String name, RoleControl.State roles, Instant now) {
    return new ClusterCondition(
        name,
        Availability.UP,
        "",
        roles.thresholdTokens(),
        settings.firstRegime(),
        0,
        description.prefillCluster(name).map(PrefillCluster::linkGbps).orElse(0.0),
        speeds.of(name, description.cost(name, roles.prefillByPool(), null, now)));
  }

  private ClusterCondition reported(
      String name, ClusterMemory memory, RoleControl.State roles, Instant now) {
    Telemetry told = memory.last();
    CongestionControl.State state = memory.congestion();
    int t = roles.thresholdTokens();
    ClusterCost cost =
        speeds.of(
            name, description.cost(name, roles.prefillByPool(), told.prefillInstances(), now));
    Availability availability = availability(memory, now);
    return new ClusterCondition(
        name,
        availability,
        reason(availability, memory, now),
        memory.role() == Role.PREFILL
            ? description.effective().raise(t, congestion.shareAt(state, now))
            : t,
        settings.fixedRegime() == null ? memory.regime() : settings.fixedRegime(),
        wait(told, cost, memory.role(), t),
        freeGbps(name, told),
        cost);
  }

  private Availability availability(ClusterMemory memory, Instant now) {
    if (silent(memory, now)) {
      return Availability.GONE;
    }
    Telemetry.Status status = memory.last().status();
    if (status == null) {
      return Availability.UP;
    }
    return switch (status) {
      case UP -> Availability.UP;
      case DRAINING -> Availability.DRAINING;
      case GONE -> Availability.GONE;
    };
  }

  /** Silence says that a prefill cluster's link is out; a PD cluster is where the prompts are. */
  private boolean silent(ClusterMemory memory, Instant now) {
    return memory.role() == Role.PREFILL && congestion.gone(memory.congestion(), now);
  }

  private String reason(Availability availability, ClusterMemory memory, Instant now) {
    return switch (availability) {
      case UP -> "";
      case DRAINING -> "it says that it drains";
      case GONE ->
          silent(memory, now)
              ? "it has not reported for %d s"
                  .formatted(Duration.between(memory.receivedAt(), now).toSeconds())
              : "it says that it is out of order";
    };
  }

  /** What waits, at the speed of the mean prompt that this cluster gets. */
  private double wait(Telemetry told, @Nullable ClusterCost cost, Role role, int t) {
    if (told.queueDepth() == null || cost == null) {
      return 0;
    }
    double tokens =
        role == Role.PREFILL
            ? description.workload().input().split(t).longTokens()
            : description.workload().input().split(t).shortTokens();
    return told.queueDepth() * cost.prefillSeconds().at(tokens) / cost.instances();
  }

  private double freeGbps(String name, Telemetry told) {
    Double link =
        told.linkGbps() != null
            ? told.linkGbps()
            : description.prefillCluster(name).map(PrefillCluster::linkGbps).orElse(null);
    if (link == null) {
      return 0;
    }
    double busy = told.egressGbps() == null ? 0 : told.egressGbps();
    return Math.max(link - busy, LEAST_LINK_SHARE * link);
  }
}
