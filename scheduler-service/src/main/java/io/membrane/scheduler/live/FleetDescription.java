package io.membrane.scheduler.live;

import io.membrane.scheduler.control.EffectiveThreshold;
import io.membrane.scheduler.control.RoleControl;
import io.membrane.scheduler.routing.ClusterCost;
import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.Pool;
import io.membrane.scheduler.throughput.PrefillCluster;
import io.membrane.scheduler.throughput.Workload;
import io.membrane.wire.SchedulerClient.Role;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What an operator says of the fleet.
 *
 * @param fleet its clusters; where nothing was said, the paper's case study, of which then only the
 *     model's KV and the lengths count
 * @param workload lengths until others are measured
 * @param planned threshold and split to begin with
 * @param effective the workload's thresholds
 * @param own whether the operator described this fleet, so that its clusters' speeds, prices and
 *     links are known
 * @param fingerprint the same for two descriptions iff their roles and thresholds can be taken over
 *     from each other
 */
public record FleetDescription(
    Fleet fleet,
    Workload workload,
    Configuration planned,
    EffectiveThreshold effective,
    boolean own,
    String fingerprint) {

  private static final double SECONDS_PER_HOUR = 3600;

  /** Names of the described clusters. */
  List<String> names() {
    return own
        ? Stream.concat(
                fleet.prefill().stream().map(PrefillCluster::name), Stream.of(fleet.pdName()))
            .toList()
        : List.of();
  }

  Optional<PrefillCluster> prefillCluster(String name) {
    return own
        ? fleet.prefill().stream().filter(c -> c.name().equals(name)).findFirst()
        : Optional.empty();
  }

  /** Rate of a prefill cluster's link; null if it is not described. */
  @Nullable Double linkGbps(String name) {
    return prefillCluster(name).map(PrefillCluster::linkGbps).orElse(null);
  }

  /**
   * Λ_max of the model, requests per second; not a number if the operator did not describe the
   * fleet.
   */
  double sustainedRps(RoleControl.State roles) {
    return own
        ? Configuration.of(fleet, workload, roles.thresholdTokens(), roles.prefillByPool())
            .sustainedRps()
        : Double.NaN;
  }

  boolean isPd(String name) {
    return own && fleet.pdName().equals(name);
  }

  /** Whether a cluster is described, with one kind of instances. */
  public boolean hasOneKind(String name) {
    return isPd(name)
        ? fleet.pd().size() == 1
        : prefillCluster(name).filter(c -> c.pools().size() == 1).isPresent();
  }

  /** The role that the description gives a cluster; null if it does not name it. */
  @Nullable Role role(String name) {
    if (isPd(name)) {
      return Role.PD;
    }
    return prefillCluster(name).isPresent() ? Role.PREFILL : null;
  }

  /**
   * Speed and prices of a cluster in this hour. Of unlike instances the most numerous kind speaks
   * for all.
   *
   * @param prefillByPool instances of each pool of the PD cluster that prefill now
   * @param measured instances that prefill, as telemetry says; null if it does not
   * @return null if nothing is known, or nothing prefills
   */
  @Nullable ClusterCost cost(
      String name, List<Integer> prefillByPool, @Nullable Integer measured, Instant now) {
    int hour = now.atOffset(ZoneOffset.UTC).getHour();
    if (isPd(name)) {
      List<Pool> pools = fleet.pd();
      Pool most = null;
      int mostInstances = 0;
      int all = 0;
      for (int j = 0; j < pools.size(); j++) {
        int n = prefillByPool.get(j);
        all += n;
        if (n > mostInstances) {
          most = pools.get(j);
          mostInstances = n;
        }
      }
      return cost(most, measured == null ? all : measured, 0, hour);
    }
    return prefillCluster(name)
        .map(c ->
            cost(
                c.pools().stream().max(Comparator.comparingInt(Pool::instances)).orElse(null),
                measured == null ? c.instances() : measured,
                c.usdPerGb(),
                hour))
        .orElse(null);
  }

  private @Nullable ClusterCost cost(
      @Nullable Pool kind, int instances, double usdPerGb, int hour) {
    return kind == null || instances < 1
        ? null
        : new ClusterCost(
            kind.type().prefillSeconds(),
            fleet.kvBytes(),
            instances,
            kind.type().gpus() * kind.type().usdPerGpuHour().at(hour) / SECONDS_PER_HOUR,
            usdPerGb);
  }
}
