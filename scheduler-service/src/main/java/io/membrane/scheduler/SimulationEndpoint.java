package io.membrane.scheduler;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.scheduler.jobs.JobState;
import io.membrane.scheduler.jobs.Jobs;
import io.membrane.scheduler.jobs.Status;
import io.membrane.scheduler.request.SimulationRequest;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import jakarta.servlet.http.HttpServletResponse;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Simulations in the background. */
@RestController
class SimulationEndpoint {

  private final Simulator simulator;
  private final Jobs jobs;
  private final SimulationEvents events;

  SimulationEndpoint(Simulator simulator, Jobs jobs, SimulationEvents events) {
    this.simulator = simulator;
    this.jobs = jobs;
    this.events = events;
  }

  /** The caller's simulations that are kept, newest first, without their results. */
  record Simulations(List<SimulationView> simulations) {}

  @PostMapping("/v1/simulations")
  @Operation(
      summary = "Start a simulation",
      description = "An empty body simulates the paper's case study")
  @ApiResponse(
      responseCode = "202",
      description = "It waits; Location is where it is",
      useReturnTypeSchema = true)
  ResponseEntity<SimulationView> submit(
      @RequestBody(required = false) @Nullable SimulationRequest request) {
    String tenant = CallContext.tenantOfCall();
    SimulationRequest asked = request == null ? SimulationRequest.EMPTY : request;
    JobState state = jobs.submit(tenant, simulator.prepare(tenant, asked));
    return ResponseEntity.accepted()
        .location(URI.create("/v1/simulations/" + state.id()))
        .body(SimulationView.of(state));
  }

  @GetMapping("/v1/simulations")
  @Operation(summary = "The caller's simulations of the last hour, newest first")
  Simulations list() {
    return new Simulations(
        jobs.newestFirst(CallContext.tenantOfCall()).stream().map(SimulationView::of).toList());
  }

  @GetMapping("/v1/simulations/{id}")
  @Operation(summary = "How far a simulation is, and its result")
  SimulationView state(@PathVariable String id) {
    String tenant = CallContext.tenantOfCall();
    JobState state = jobs.find(tenant, id).orElseThrow(SimulationEndpoint::notFound);
    return SimulationView.of(state, state.status() == Status.DONE ? jobs.result(tenant, id) : null);
  }

  @GetMapping("/v1/simulations/{id}/events")
  @Operation(
      summary = "Progress as server-sent events, and one last event with how it ended",
      description =
          "progress … progress, then one of done, failed, cancelled; the data is the state without"
              + " the result")
  @ApiResponse(responseCode = "200", content = @Content(mediaType = "text/event-stream"))
  void follow(@PathVariable String id, HttpServletResponse response) {
    String tenant = CallContext.tenantOfCall();
    JobState state = jobs.find(tenant, id).orElseThrow(SimulationEndpoint::notFound);
    events.follow(tenant, state, response);
  }

  @DeleteMapping("/v1/simulations/{id}")
  @ResponseStatus(HttpStatus.NO_CONTENT)
  @Operation(
      summary = "Cancel a simulation; one that has ended stays as it is",
      description = "It ends, and its state says so, as soon as the replica that runs it has heard")
  void cancel(@PathVariable String id) {
    if (!jobs.cancel(CallContext.tenantOfCall(), id)) {
      throw notFound();
    }
  }

  private static MembraneException notFound() {
    return new MembraneException(
        ErrorCode.NOT_FOUND,
        "there is no such simulation (any more); GET /v1/simulations lists yours");
  }
}
