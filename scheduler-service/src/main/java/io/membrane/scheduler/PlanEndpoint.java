package io.membrane.scheduler;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.scheduler.planning.Plan;
import io.membrane.scheduler.planning.PlanInput;
import io.membrane.scheduler.request.Bundle;
import io.membrane.scheduler.request.PlanRequest;
import io.membrane.scheduler.request.PlanRequests;
import io.membrane.scheduler.request.Traces;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Plans of fleets, and the profiles to plan with. */
@RestController
class PlanEndpoint {

  /** A plan of many kinds of instances takes up to 100 MB while it is made. */
  private static final int MAX_AT_ONCE = 4;

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Traces traces;
  private final Semaphore cores =
      new Semaphore(Math.min(MAX_AT_ONCE, Runtime.getRuntime().availableProcessors()), true);

  PlanEndpoint(ObjectProvider<Traces> traces) {
    this.traces = traces.getIfAvailable(() -> Traces.NONE);
  }

  /** The best configuration of a fleet; an empty body plans the paper's case study. */
  @PostMapping("/v1/plans")
  Plan plan(@RequestBody(required = false) @Nullable PlanRequest request) {
    PlanInput input = PlanRequests.resolve(request, traces);
    takeCore();
    try {
      return Plan.of(input, PlanEndpoint::checkStillWanted);
    } catch (IllegalArgumentException e) {
      throw new MembraneException(ErrorCode.IMPOSSIBLE_REQUEST, String.valueOf(e.getMessage()), e);
    } finally {
      cores.release();
    }
  }

  private void takeCore() {
    Duration patience = CallContext.currentOr(PATIENCE).within(PATIENCE).remaining();
    try {
      if (cores.tryAcquire(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    checkStillWanted();
    throw new MembraneException(
        ErrorCode.OVERLOADED, "every core is busy with other plans; try again in a moment");
  }

  private static void checkStillWanted() {
    CallContext.checkDeadline("the plan");
    if (Thread.currentThread().isInterrupted()) {
      throw new MembraneException(ErrorCode.DEPENDENCY_UNAVAILABLE, "the service stops");
    }
  }

  @GetMapping("/v1/profiles")
  Bundle profiles() {
    return Bundle.bundled();
  }
}
