package io.membrane.scheduler;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.scheduler.trace.TraceReader;
import io.membrane.scheduler.trace.TraceStore;
import io.membrane.scheduler.trace.TraceSummary;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.net.URI;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Traces to plan for and to replay. */
@RestController
class TraceEndpoint {

  private final TraceStore traces;

  TraceEndpoint(TraceStore traces) {
    this.traces = traces;
  }

  @PostMapping(path = "/v1/traces", consumes = "application/x-ndjson")
  @Operation(
      summary = "Keep a trace for a day",
      description =
          "One line for each request: {\"timestamp\": ms, \"input_length\", \"output_length\","
              + " \"hash_ids\": [one id for each block of 512 tokens]}")
  @ApiResponse(
      responseCode = "201",
      description = "It is kept; Location is where it is",
      useReturnTypeSchema = true)
  ResponseEntity<TraceSummary> upload(HttpServletRequest request) throws IOException {
    if (request.getContentLengthLong() > TraceReader.MOST_BYTES) {
      throw new MembraneException(
          ErrorCode.TOO_LARGE,
          "a trace has at most %d bytes; upload a part of it".formatted(TraceReader.MOST_BYTES));
    }
    TraceSummary summary = traces.put(CallContext.tenantOfCall(), request.getInputStream());
    return ResponseEntity.created(URI.create("/v1/traces/" + summary.traceId())).body(summary);
  }

  @GetMapping("/v1/traces/{id}")
  @Operation(summary = "What a trace holds")
  TraceSummary summary(@PathVariable String id) {
    return traces
        .summary(CallContext.tenantOfCall(), id)
        .orElseThrow(() ->
            new MembraneException(
                ErrorCode.NOT_FOUND,
                "there is no such trace (any more); upload it with POST /v1/traces"));
  }

  @DeleteMapping("/v1/traces/{id}")
  @ResponseStatus(HttpStatus.NO_CONTENT)
  @Operation(summary = "Remove a trace")
  void remove(@PathVariable String id) {
    traces.remove(CallContext.tenantOfCall(), id);
  }
}
