package io.membrane.reconstruction;

import io.membrane.reconstruction.execute.Delivery;
import io.membrane.reconstruction.execute.Outcome;
import io.membrane.reconstruction.execute.Reconstruction;
import io.membrane.reconstruction.explain.Explanation;
import io.membrane.reconstruction.explain.Explanations;
import io.membrane.reconstruction.explain.Kept;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.Frame;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.ReconstructionClient.ContextRequest;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.membrane.wire.ReconstructionClient.Deliver;
import io.membrane.wire.ReconstructionClient.PlanResponse;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.validation.Valid;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.AsyncRequestNotUsableException;

/** The contexts of {@code api.md}. */
@RestController
class ContextEndpoint {

  /** Header: the context that a body belongs to. */
  static final String CONTEXT_ID_HEADER = "Membrane-Context-Id";

  private static final Logger log = LoggerFactory.getLogger(ContextEndpoint.class);

  private final Reconstruction reconstruction;
  private final Delivery delivery;
  private final Explanations explanations;
  private final SessionTurns sessions;
  private final ContextMetrics metrics;
  private final Clock clock;

  ContextEndpoint(
      Reconstruction reconstruction,
      Delivery delivery,
      Explanations explanations,
      SessionTurns sessions,
      ContextMetrics metrics,
      Clock clock) {
    this.reconstruction = reconstruction;
    this.delivery = delivery;
    this.explanations = explanations;
    this.sessions = sessions;
    this.metrics = metrics;
    this.clock = clock;
  }

  /** Answers with the context document, or, where bytes are wanted, with frames. */
  @PostMapping("/v1/contexts")
  @Nullable ContextResponse context(
      @Valid @RequestBody ContextRequest request, HttpServletResponse response) throws Exception {
    try {
      return inTime(request).call(() -> serve(request, response));
    } catch (MembraneException e) {
      metrics.failed(unlessLeft(e.code()));
      throw e;
    } catch (RuntimeException e) {
      metrics.failed(unlessLeft(ErrorCode.INTERNAL));
      throw e;
    }
  }

  private static ErrorCode unlessLeft(ErrorCode code) {
    return CallContext.isCancelled() ? ErrorCode.CANCELLED : code;
  }

  /** What would be done, and what it would take. */
  @PostMapping("/v1/contexts/plan")
  PlanResponse plan(@Valid @RequestBody ContextRequest request) throws Exception {
    return inTime(request).call(() -> reconstruction.plan(request));
  }

  @GetMapping("/v1/contexts/{id}/explanation")
  Explanation explanation(@PathVariable String id) {
    return explanations.find(CallContext.tenantOfCall(), id);
  }

  /** An answer that has begun can only be broken off: the container then cuts the connection. */
  @ExceptionHandler
  void brokenOff(BrokenDelivery e) throws BrokenDelivery {
    throw e;
  }

  private static CallContext inTime(ContextRequest request) {
    CallContext caller = CallContext.currentOr(Duration.ZERO);
    return request.deadlineMs() == null
        ? caller
        : caller.within(
            Duration.ofMillis(Math.min(request.deadlineMs(), caller.remaining().toMillis())));
  }

  private @Nullable ContextResponse serve(ContextRequest request, HttpServletResponse response)
      throws IOException {
    SessionTurns.Begun turn = sessions.begin(request);
    Outcome outcome = reconstruction.reconstruct(request);
    sessions.end(turn, outcome);
    metrics.reconstructed(outcome);
    explain(request, outcome);
    CallContext.checkCaller("the answer");
    response.setHeader(CONTEXT_ID_HEADER, outcome.response().contextId());
    boolean bytes = request.deliver() == Deliver.BYTES;
    if (bytes) {
      deliver(outcome, response);
    }
    metrics.answered(outcome);
    return bytes ? null : outcome.response();
  }

  private void deliver(Outcome outcome, HttpServletResponse response) throws IOException {
    String id = outcome.response().contextId();
    try {
      int corrupt =
          delivery.deliver(
              outcome.fragments(),
              outcome.tail(),
              () -> {
                response.setContentType(Frame.MEDIA_TYPE);
                return response.getOutputStream();
              });
      metrics.corruptFragments(corrupt);
    } catch (MembraneException e) {
      if (!response.isCommitted()) {
        throw e;
      }
      if (CallContext.isCancelled()) {
        metrics.failed(ErrorCode.CANCELLED);
        throw new AsyncRequestNotUsableException("the caller of context " + id + " has left", e);
      }
      log.warn("the delivery of context {} broke off: {}", id, e.detail(), e.getCause());
      metrics.failed(e.code());
      throw new BrokenDelivery(id);
    } catch (IOException e) {
      throw new AsyncRequestNotUsableException("the caller of context " + id + " has left", e);
    }
  }

  /** A lost explanation does not take the answer with it. */
  private void explain(ContextRequest request, Outcome outcome) {
    try {
      explanations.keep(
          CallContext.tenantOfCall(),
          new Kept(
              request.sessionId(),
              clock.millis(),
              outcome.namespace(),
              outcome.matches(),
              outcome.plan(),
              outcome.response()));
    } catch (MembraneException e) {
      metrics.lostExplanation();
      log.warn(
          "the explanation of context {} is lost: {}", outcome.response().contextId(), e.detail());
    }
  }
}
