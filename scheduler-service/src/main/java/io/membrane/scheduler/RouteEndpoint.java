package io.membrane.scheduler;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.scheduler.kubernetes.Reconciliation;
import io.membrane.scheduler.live.LiveFleet;
import io.membrane.scheduler.live.LiveView;
import io.membrane.scheduler.live.LongTerm;
import io.membrane.scheduler.live.MeasuredLengths;
import io.membrane.scheduler.routing.Candidate;
import io.membrane.scheduler.routing.Decision;
import io.membrane.scheduler.routing.InFlight;
import io.membrane.scheduler.routing.NodeCandidate;
import io.membrane.scheduler.routing.RouteQuery;
import io.membrane.wire.SchedulerClient.ClusterState;
import io.membrane.wire.SchedulerClient.Expected;
import io.membrane.wire.SchedulerClient.NodeState;
import io.membrane.wire.SchedulerClient.RouteRequest;
import io.membrane.wire.SchedulerClient.RouteResponse;
import io.membrane.wire.SchedulerClient.Terms;
import jakarta.validation.Valid;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Routing decisions, and the state that they come from. */
@RestController
class RouteEndpoint {

  private static final double MIB = 1024.0 * 1024.0;
  private static final double MS = 1000;

  private final LiveRules rules;
  private final LiveFleet live;
  private final InFlight inFlight;
  private final MeasuredLengths lengths;
  private final LongTerm longTerm;
  private final Pulse pulse;
  private final RecentDecisions recent;
  private final SchedulerMetrics metrics;

  RouteEndpoint(
      LiveRules rules,
      LiveFleet live,
      InFlight inFlight,
      MeasuredLengths lengths,
      LongTerm longTerm,
      Pulse pulse,
      SchedulerMetrics metrics,
      Clock clock) {
    this.rules = rules;
    this.live = live;
    this.inFlight = inFlight;
    this.lengths = lengths;
    this.longTerm = longTerm;
    this.pulse = pulse;
    this.recent = new RecentDecisions(clock);
    this.metrics = metrics;
  }

  /**
   * What decisions come from.
   *
   * @param kubernetes what became of the wanted roles there; null until this replica has looked
   * @param recentDecisions of this replica, newest first
   */
  record SchedulerState(
      @JsonUnwrapped LiveView live,
      @Nullable Reconciliation kubernetes,
      List<RecentDecisions.Recent> recentDecisions) {}

  @PostMapping("/v1/routes")
  RouteResponse route(@Valid @RequestBody RouteRequest request) {
    RouteQuery query =
        new RouteQuery(
            request.totalTokens(),
            request.clusters().stream().map(RouteEndpoint::candidate).toList(),
            request.deadlineMs() == null ? null : Duration.ofMillis(request.deadlineMs()));
    long now = System.nanoTime();
    Decision decision = decide(query, now);
    inFlight.add(decision, now);
    lengths.add(decision.uncachedTokens());
    recent.add(request.totalTokens(), decision);
    metrics.count(decision);
    return new RouteResponse(
        decision.target(),
        decision.node(),
        decision.thresholdTokens(),
        decision.effectiveThresholdTokens(),
        decision.incrementalTokens(),
        decision.regime(),
        decision.transfer(),
        new Expected(scaled(decision.ttftSeconds(), MS), scaled(decision.egressBytes(), 1 / MIB)),
        decision.terms().stream().map(RouteEndpoint::terms).toList(),
        SchedulerMetric.tag(decision.rule()),
        decision.reason());
  }

  private Decision decide(RouteQuery query, long now) {
    try {
      return rules.policy().decide(query, live.state(), inFlight, now);
    } catch (MembraneException e) {
      if (e.code() == ErrorCode.OVERLOADED) {
        lengths.add(query.uncachedTokens());
      }
      metrics.refused(e.code());
      throw e;
    }
  }

  private static Candidate candidate(ClusterState c) {
    List<NodeState> nodes = c.nodes() == null ? List.of() : c.nodes();
    Set<String> names = new HashSet<>();
    List<NodeCandidate> candidates = new ArrayList<>(nodes.size());
    for (NodeState n : nodes) {
      if (!names.add(n.node())) {
        throw new MembraneException(
            ErrorCode.IMPOSSIBLE_REQUEST,
            "node '%s' of cluster '%s' is named twice; name each node once"
                .formatted(n.node(), c.cluster()));
      }
      candidates.add(
          new NodeCandidate(
              n.node(), n.cachedTokens(), n.queuedTokens() == null ? 0 : n.queuedTokens()));
    }
    return new Candidate(c.cluster(), c.role(), c.cachedTokens(), candidates);
  }

  private static Terms terms(io.membrane.scheduler.routing.Terms t) {
    return new Terms(
        t.cluster(),
        MS * t.waitSeconds(),
        MS * t.prefillSeconds(),
        MS * t.transferSeconds(),
        MS * t.ttftSeconds(),
        t.gpuUsd(),
        t.egressUsd(),
        t.totalUsd());
  }

  private static @Nullable Double scaled(OptionalDouble value, double factor) {
    return value.isPresent() ? value.getAsDouble() * factor : null;
  }

  @GetMapping("/v1/scheduler/state")
  SchedulerState state() {
    return new SchedulerState(
        LiveView.of(live, longTerm.idle(), System.nanoTime()),
        pulse.reconciliation(),
        recent.newestFirst());
  }
}
