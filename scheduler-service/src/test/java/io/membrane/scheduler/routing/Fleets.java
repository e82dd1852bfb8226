package io.membrane.scheduler.routing;

import io.membrane.scheduler.throughput.PolynomialCurve;
import io.membrane.wire.SchedulerClient.Regime;
import io.membrane.wire.SchedulerClient.Role;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Prompts, clusters and conditions of the routing tests. */
final class Fleets {

  static final int T = 1000;

  /** To which time is worth nothing. */
  static final RoutingPolicy FREE =
      new RoutingPolicy(new RoutingSettings(0, RoutingSettings.DEFAULT.maxWait()));

  private Fleets() {}

  static Candidate pd(String name, int cached, NodeCandidate... nodes) {
    return new Candidate(name, Role.PD, cached, List.of(nodes));
  }

  static Candidate prefill(String name, int cached, NodeCandidate... nodes) {
    return new Candidate(name, Role.PREFILL, cached, List.of(nodes));
  }

  static RouteQuery prompt(int tokens, Candidate... candidates) {
    return new RouteQuery(tokens, List.of(candidates), null);
  }

  static RouteQuery within(Duration deadline, RouteQuery query) {
    return new RouteQuery(query.totalTokens(), query.candidates(), deadline);
  }

  static FleetState fleet(Regime regime, ClusterCondition... conditions) {
    return new FleetState(
        T,
        regime,
        Arrays.stream(conditions).collect(Collectors.toMap(ClusterCondition::cluster, c -> c)));
  }

  /** One instance of this speed, KV of a MB per token, no prices. */
  static ClusterCost speed(double secondsPerToken) {
    return new ClusterCost(
        PolynomialCurve.of(0.0, secondsPerToken), PolynomialCurve.of(0.0, 1e6), 1, 0, 0);
  }

  /** A cluster that is up behind a link of 8 Gbps, a GB per second. */
  static ClusterCondition up(String name, Regime regime, @Nullable ClusterCost cost) {
    return new ClusterCondition(name, Availability.UP, "", T, regime, 0, 8, cost);
  }

  static ClusterCondition with(ClusterCondition c, Availability availability, String why) {
    return new ClusterCondition(
        c.cluster(),
        availability,
        why,
        c.effectiveThresholdTokens(),
        c.regime(),
        c.waitSeconds(),
        c.linkGbps(),
        c.cost());
  }

  static ClusterCondition raised(ClusterCondition c, int threshold) {
    return new ClusterCondition(
        c.cluster(),
        c.availability(),
        c.availabilityReason(),
        threshold,
        c.regime(),
        c.waitSeconds(),
        c.linkGbps(),
        c.cost());
  }

  static ClusterCondition waiting(ClusterCondition c, double seconds) {
    return new ClusterCondition(
        c.cluster(),
        c.availability(),
        c.availabilityReason(),
        c.effectiveThresholdTokens(),
        c.regime(),
        seconds,
        c.linkGbps(),
        c.cost());
  }
}
