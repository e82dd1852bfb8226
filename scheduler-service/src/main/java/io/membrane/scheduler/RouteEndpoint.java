package io.membrane.scheduler;

import io.membrane.scheduler.routing.Decision;
import io.membrane.scheduler.routing.LengthRule;
import io.membrane.wire.SchedulerClient.Expected;
import io.membrane.wire.SchedulerClient.Regime;
import io.membrane.wire.SchedulerClient.RouteRequest;
import io.membrane.wire.SchedulerClient.RouteResponse;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.validation.Valid;
import java.time.Clock;
import java.util.List;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Routing decisions, and the state that they come from. */
@RestController
class RouteEndpoint {

  /** Nothing has been measured that a time or a volume could be expected from. */
  private static final Expected UNKNOWN = new Expected(null, null);

  private final LengthRule rule;
  private final RecentDecisions recent;
  private final MeterRegistry meters;

  RouteEndpoint(SchedulerProperties properties, Clock clock, MeterRegistry meters) {
    this.rule = properties.rule();
    this.recent = new RecentDecisions(clock);
    this.meters = meters;
    Gauge.builder(SchedulerMetric.THRESHOLD_TOKENS.id(), rule, LengthRule::thresholdTokens)
        .register(meters);
  }

  /**
   * What decisions come from.
   *
   * @param recentDecisions newest first
   */
  record SchedulerState(
      int thresholdTokens,
      int effectiveThresholdTokens,
      Regime regime,
      List<RecentDecisions.Recent> recentDecisions) {}

  @PostMapping("/v1/routes")
  RouteResponse route(@Valid @RequestBody RouteRequest request) {
    Decision d = rule.decide(request.totalTokens(), request.clusters());
    recent.add(request.totalTokens(), d);
    String role = SchedulerMetric.tag(d.role());
    meters
        .counter(
            SchedulerMetric.DECISIONS.id(),
            "role",
            role,
            "transfer",
            Boolean.toString(d.transfer() != null))
        .increment();
    meters
        .summary(SchedulerMetric.INCREMENTAL_TOKENS.id(), "role", role)
        .record(d.incrementalTokens());
    return new RouteResponse(
        d.target(),
        rule.thresholdTokens(),
        rule.thresholdTokens(),
        d.incrementalTokens(),
        rule.regime(),
        d.transfer(),
        UNKNOWN,
        d.reason());
  }

  @GetMapping("/v1/scheduler/state")
  SchedulerState state() {
    return new SchedulerState(
        rule.thresholdTokens(), rule.thresholdTokens(), rule.regime(), recent.newestFirst());
  }
}
