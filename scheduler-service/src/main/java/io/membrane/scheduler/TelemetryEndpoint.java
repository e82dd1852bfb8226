package io.membrane.scheduler;

import io.membrane.scheduler.live.LiveFleet;
import io.membrane.scheduler.live.Telemetry;
import io.membrane.scheduler.routing.Availability;
import io.membrane.scheduler.routing.ClusterCondition;
import io.membrane.wire.SchedulerClient.Regime;
import io.swagger.v3.oas.annotations.Operation;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Where clusters say how they are. */
@RestController
class TelemetryEndpoint {

  private final LiveFleet live;

  TelemetryEndpoint(LiveFleet live) {
    this.live = live;
  }

  /**
   * What telemetry led to.
   *
   * @param accepted false if newer telemetry was known, so that nothing changed
   */
  record Taken(
      String cluster,
      boolean accepted,
      Availability availability,
      int thresholdTokens,
      int effectiveThresholdTokens,
      Regime regime) {}

  @PostMapping("/v1/telemetry")
  @Operation(summary = "What a cluster measured of itself, best once a second")
  Taken telemetry(@RequestBody Telemetry told) {
    boolean accepted = live.report(told);
    ClusterCondition condition = live.state().of(told.name());
    return new Taken(
        told.name(),
        accepted,
        condition.availability(),
        live.state().thresholdTokens(),
        condition.effectiveThresholdTokens(),
        condition.regime());
  }
}
