package io.membrane.boot;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.Problem;
import io.membrane.rpc.RetryAfter;
import io.membrane.rpc.WireJson;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;

/** The one place that puts an error on the wire. */
public final class ProblemWriter {

  private static final String RETRY_AFTER_SECONDS = "1";

  private final @Nullable Tracer tracer;

  ProblemWriter(@Nullable Tracer tracer) {
    this.tracer = tracer;
  }

  /** The problem as a value, with the trace id of the request that this thread serves. */
  public Problem problem(ErrorCode code, String detail) {
    Span span = tracer == null ? null : tracer.currentSpan();
    return Problem.of(code, detail, span == null ? null : span.context().traceId());
  }

  /** The problem as an answer. */
  public ResponseEntity<Object> entity(ErrorCode code, String detail) {
    return entity(code, detail, null);
  }

  /**
   * As {@link #entity(ErrorCode, String)}.
   *
   * @param retryAfter how long to wait, if that is known
   */
  ResponseEntity<Object> entity(ErrorCode code, String detail, @Nullable Duration retryAfter) {
    ResponseEntity.BodyBuilder answer =
        ResponseEntity.status(code.status()).contentType(MediaType.APPLICATION_PROBLEM_JSON);
    if (code.retriable()) {
      answer.header(
          HttpHeaders.RETRY_AFTER,
          retryAfter == null ? RETRY_AFTER_SECONDS : RetryAfter.write(retryAfter));
    }
    return answer.body(problem(code, detail));
  }

  /** Writes the problem, unless the answer has begun already. */
  public void write(ErrorCode code, String detail, HttpServletResponse response)
      throws IOException {
    write(code, detail, Map.of(), response);
  }

  /** As {@link #write(ErrorCode, String, HttpServletResponse)}, with more headers. */
  public void write(
      ErrorCode code, String detail, Map<String, String> headers, HttpServletResponse response)
      throws IOException {
    if (response.isCommitted()) {
      return;
    }
    response.reset();
    response.setStatus(code.status());
    response.setContentType(Problem.MEDIA_TYPE);
    headers.forEach(response::setHeader);
    if (code.retriable() && !headers.containsKey(HttpHeaders.RETRY_AFTER)) {
      response.setHeader(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS);
    }
    byte[] body = WireJson.mapper().writeValueAsBytes(problem(code, detail));
    response.setContentLength(body.length);
    response.getOutputStream().write(body);
  }
}
