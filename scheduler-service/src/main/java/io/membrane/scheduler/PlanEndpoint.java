package io.membrane.scheduler;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.scheduler.planning.Plan;
import io.membrane.scheduler.planning.PlanInput;
import io.membrane.scheduler.request.Bundle;
import io.membrane.scheduler.request.PlanRequest;
import io.membrane.scheduler.request.PlanRequests;
import io.membrane.scheduler.request.Traces;
import io.swagger.v3.oas.annotations.Operation;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Plans of fleets, and the profiles to plan with. */
@RestController
class PlanEndpoint {

  private final Traces traces;
  private final PlanThreads threads;

  PlanEndpoint(ObjectProvider<Traces> traces, PlanThreads threads) {
    this.traces = traces.getIfAvailable(() -> Traces.NONE);
    this.threads = threads;
  }

  @PostMapping("/v1/plans")
  @Operation(
      summary = "The best configuration of a fleet, and what to change first",
      description = "An empty body plans the paper's case study")
  Plan plan(@RequestBody(required = false) @Nullable PlanRequest request) {
    PlanInput input = PlanRequests.resolve(request, traces);
    try {
      return threads.call(checkpoint -> Plan.of(input, checkpoint));
    } catch (IllegalArgumentException e) {
      throw new MembraneException(ErrorCode.IMPOSSIBLE_REQUEST, String.valueOf(e.getMessage()), e);
    }
  }

  @GetMapping("/v1/profiles")
  @Operation(summary = "The bundled models and kinds of instances, with their sources")
  Bundle profiles() {
    return Bundle.bundled();
  }
}
