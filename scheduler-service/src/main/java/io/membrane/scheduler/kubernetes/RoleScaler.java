package io.membrane.scheduler.kubernetes;

import io.membrane.kubernetes.ClusterConnection;
import io.membrane.scheduler.kubernetes.KubernetesProperties.Mode;
import io.membrane.scheduler.kubernetes.Reconciliation.Outcome;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the workloads of both roles to the wanted counts, one step with each call.
 *
 * <p>Both roles use the same accelerators, so the role that shrinks is scaled first, and the other
 * only once the surplus pods have ended: never are more pods asked for than there are instances
 * ({@link KubernetesProperties#instances()}, or as many replicas as there were when the change
 * began). What comes next follows from what the cluster shows, so a call may fail, be repeated, or
 * find that an operator has scaled by hand, and the next goes on from there. In dry-run every call
 * tells the first step of a change that would begin now.
 *
 * <p>A pod drains itself ({@code preStop}, {@code terminationGracePeriodSeconds}); here it is only
 * waited for, from call to call.
 *
 * <p>Thread-safe; calls take turns. A call makes at most five requests, one of them a change, ends
 * with the first that fails, and throws nothing because of the cluster.
 */
public final class RoleScaler {

  private static final Logger log = LoggerFactory.getLogger(RoleScaler.class);

  private final KubernetesProperties properties;
  private final @Nullable ScaleApi api;

  /** Replicas of both workloads when the change in progress began; null between changes. */
  private @Nullable Integer replicasAtStart;

  /** What was last asked for here, until it is seen to be something else. */
  private final Map<Role, Integer> asked = new EnumMap<>(Role.class);

  private RoleScaler(KubernetesProperties properties, @Nullable ScaleApi api) {
    this.properties = properties;
    this.api = api;
  }

  /**
   * Makes a scaler and calls nobody; in mode off without a client.
   *
   * @throws io.membrane.boot.StartupProblem if there is no way to a cluster
   */
  public static RoleScaler of(KubernetesProperties properties) {
    return new RoleScaler(
        properties,
        properties.mode() == Mode.OFF
            ? null
            : new ScaleApi(
                ClusterConnection.open(
                    properties.kubeconfig(),
                    properties.timeout(),
                    "membrane.scheduler.kubernetes",
                    "membrane.scheduler.kubernetes.mode=off")));
  }

  /** Takes the next step towards {@code wanted}; to be called periodically, with any counts. */
  public synchronized Reconciliation reconcile(RoleCounts wanted) {
    if (api == null) {
      return new Reconciliation(
          Mode.OFF,
          Outcome.OFF,
          wanted,
          null,
          null,
          "Off. Set membrane.scheduler.kubernetes.mode=dry-run to see what would be scaled.");
    }
    try {
      Observed prefill = api.observe(properties.target(Role.PREFILL));
      Observed decode = api.observe(properties.target(Role.DECODE));
      return step(api, wanted, prefill, decode);
    } catch (ScaleFailure e) {
      return new Reconciliation(properties.mode(), outcome(e), wanted, null, null, e.words());
    }
  }

  private Reconciliation step(ScaleApi api, RoleCounts wanted, Observed prefill, Observed decode) {
    RoleCounts replicas = new RoleCounts(prefill.replicas(), decode.replicas());
    if (replicasAtStart == null) {
      replicasAtStart = replicas.sum();
    }
    Integer instances = properties.instances();
    Bounds bounds =
        new Bounds(properties.minReplicas(), instances == null ? replicasAtStart : instances);
    RoleCounts targets = bounds.clamp(wanted, replicas);
    Step step = Step.next(targets, prefill, decode);
    boolean settled = step instanceof Step.Done && !prefill.surplus() && !decode.surplus();
    if (settled || properties.mode() == Mode.DRY_RUN) {
      replicasAtStart = null;
    }

    List<String> notes = new ArrayList<>();
    for (Observed workload : List.of(prefill, decode)) {
      noteForeignChange(workload, notes);
      noteBound(workload.target().role(), wanted, targets, bounds, notes);
    }
    Outcome outcome;
    try {
      outcome = take(api, step, notes);
    } catch (ScaleFailure e) {
      notes.addFirst(e.words());
      outcome = outcome(e);
    }
    if (outcome == Outcome.STEADY && !targets.equals(wanted)) {
      outcome = Outcome.BOUNDED;
    }
    return new Reconciliation(
        properties.mode(),
        outcome,
        wanted,
        replicas,
        new RoleCounts(prefill.pods(), decode.pods()),
        String.join(" ", notes));
  }

  private Outcome take(ScaleApi api, Step step, List<String> notes) throws ScaleFailure {
    return switch (step) {
      case Step.Scale(Observed workload, int to) -> {
        String what =
            "%s from %d to %d replicas.".formatted(workload.target(), workload.replicas(), to);
        if (properties.mode() == Mode.DRY_RUN) {
          notes.addFirst("Would scale " + what);
          yield Outcome.WOULD_SCALE;
        }
        asked.remove(workload.target().role());
        api.scale(workload, to);
        asked.put(workload.target().role(), to);
        log.info("Scaled {}", what);
        notes.addFirst("Scaled " + what);
        yield Outcome.SCALED;
      }
      case Step.Wait(Observed growing, int to, Observed leaving) -> {
        notes.addFirst(
            "%s is to grow from %d to %d replicas once pods have ended: %s."
                .formatted(growing.target(), growing.replicas(), to, leaving.surplusWords()));
        yield Outcome.WAITING;
      }
      case Step.Done() -> {
        notes.addFirst("Nothing to scale.");
        yield Outcome.STEADY;
      }
    };
  }

  private void noteForeignChange(Observed workload, List<String> notes) {
    Integer before = asked.get(workload.target().role());
    if (before != null && before != workload.replicas()) {
      asked.remove(workload.target().role());
      notes.add(
          "Somebody else scales %s too (an operator, a HorizontalPodAutoscaler?): %d replicas were asked for here, now it is %d."
              .formatted(workload.target(), before, workload.replicas()));
    }
  }

  private void noteBound(
      Role role, RoleCounts wanted, RoleCounts targets, Bounds bounds, List<String> notes) {
    int target = targets.of(role);
    if (target > wanted.of(role)) {
      notes.add(
          "%d %s wanted, but min-replicas keeps %d.".formatted(wanted.of(role), role, target));
    } else if (target < wanted.of(role)) {
      notes.add(
          "%d %s wanted, but only %d fit into %d instances%s."
              .formatted(
                  wanted.of(role),
                  role,
                  target,
                  bounds.instances(),
                  properties.instances() == null
                      ? ", the replicas that both workloads had; if there are more, set"
                          + " membrane.scheduler.kubernetes.instances"
                      : ""));
    }
  }

  private static Outcome outcome(ScaleFailure failure) {
    return failure.isConflict() ? Outcome.CONFLICT : Outcome.FAILED;
  }
}
