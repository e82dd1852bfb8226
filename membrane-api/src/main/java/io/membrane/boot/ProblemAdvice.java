package io.membrane.boot;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.Reasons;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.TypeMismatchException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ResponseEntity;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.web.bind.MethodArgumentNotValidException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.servlet.mvc.method.annotation.ResponseEntityExceptionHandler;
import org.springframework.web.util.DisconnectedClientHelper;
import tools.jackson.core.JacksonException;

/** Maps every exception of an endpoint to a problem document. */
@RestControllerAdvice
final class ProblemAdvice extends ResponseEntityExceptionHandler {

  private static final Logger log = LoggerFactory.getLogger(ProblemAdvice.class);

  private final ProblemWriter problems;

  ProblemAdvice(ProblemWriter problems) {
    this.problems = problems;
  }

  @ExceptionHandler
  @Nullable ResponseEntity<Object> ours(
      MembraneException e, HttpServletRequest request, HttpServletResponse response) {
    if (CallContext.isCancelled()) {
      return left(e, request, response);
    }
    if (response.isCommitted()) {
      log.warn("an answer broke off: {}: {}", e.code().code(), e.detail());
      BrokenTransferValve.cut(request);
      return null;
    }
    return ours(e);
  }

  /** Whatever went wrong, nobody is there to read it: the status is for the metrics. */
  private @Nullable ResponseEntity<Object> left(
      Exception e, HttpServletRequest request, HttpServletResponse response) {
    log.debug("the caller has left", e);
    if (response.isCommitted()) {
      BrokenTransferValve.cut(request);
      return null;
    }
    return problems.entity(
        ErrorCode.CANCELLED, "the connection was closed before the answer; ask again");
  }

  private ResponseEntity<Object> ours(MembraneException e) {
    if (e.code().status() >= 500) {
      log.warn("{}: {}", e.code().code(), e.detail());
      log.debug("{}", e.code().code(), e);
    }
    return problems.entity(e.code(), e.detail(), e.retryAfter());
  }

  @ExceptionHandler
  ResponseEntity<Object> undecodable(InvalidParameterException e) {
    return problems.entity(ErrorCode.MALFORMED_REQUEST, "the query is not properly encoded");
  }

  @ExceptionHandler
  @Nullable ResponseEntity<Object> anything(
      Exception e, HttpServletRequest request, HttpServletResponse response) {
    if (CallContext.isCancelled()) {
      return left(e, request, response);
    }
    MembraneException ours = oursWithin(e);
    if (ours != null) {
      return ours(ours, request, response);
    }
    if (response.isCommitted() && DisconnectedClientHelper.isClientDisconnectedException(e)) {
      log.debug("the caller has left", e);
      BrokenTransferValve.cut(request);
      return null;
    }
    log.error("unexpected error", e);
    if (response.isCommitted()) {
      BrokenTransferValve.cut(request);
      return null;
    }
    return problems.entity(
        ErrorCode.INTERNAL, "an error that should not happen; the log has it under the trace id");
  }

  @Override
  protected @Nullable ResponseEntity<Object> handleHttpMessageNotReadable(
      HttpMessageNotReadableException e,
      HttpHeaders headers,
      HttpStatusCode status,
      WebRequest request) {
    MembraneException ours = oursWithin(e);
    if (ours != null) {
      return ours(ours);
    }
    return problems.entity(ErrorCode.MALFORMED_REQUEST, "the body: " + unreadable(e));
  }

  @Override
  protected @Nullable ResponseEntity<Object> handleMethodArgumentNotValid(
      MethodArgumentNotValidException e,
      HttpHeaders headers,
      HttpStatusCode status,
      WebRequest request) {
    String detail =
        e.getBindingResult().getFieldErrors().stream()
            .map(f -> snake(f.getField()) + " " + f.getDefaultMessage())
            .sorted()
            .limit(5)
            .collect(Collectors.joining("; "));
    return problems.entity(ErrorCode.MALFORMED_REQUEST, detail);
  }

  @Override
  protected @Nullable ResponseEntity<Object> handleTypeMismatch(
      TypeMismatchException e, HttpHeaders headers, HttpStatusCode status, WebRequest request) {
    return problems.entity(
        ErrorCode.MALFORMED_REQUEST, snake(e.getPropertyName()) + ": " + Reasons.of(e));
  }

  @Override
  protected @Nullable ResponseEntity<Object> handleExceptionInternal(
      Exception e,
      @Nullable Object body,
      HttpHeaders headers,
      HttpStatusCode status,
      WebRequest request) {
    ErrorCode code = ErrorCode.ofStatus(status.value());
    if (code.status() >= 500) {
      log.warn("{}", code.code(), e);
    }
    ResponseEntity<Object> answer = problems.entity(code, firstLine(e.getMessage()));
    HttpHeaders all = new HttpHeaders(headers);
    all.putAll(answer.getHeaders());
    return new ResponseEntity<>(answer.getBody(), all, answer.getStatusCode());
  }

  private static @Nullable MembraneException oursWithin(@Nullable Throwable e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof MembraneException ours) {
        return ours;
      }
    }
    return null;
  }

  private static String unreadable(HttpMessageNotReadableException e) {
    return switch (e.getCause()) {
      case JacksonException j -> Reasons.ofJson(j);
      case IOException io -> "it broke off: " + io.getMessage();
      case null -> "it is missing; send a JSON document";
      case Throwable other -> Reasons.of(other);
    };
  }

  private static String firstLine(@Nullable String message) {
    return message == null ? "no reason given" : message.lines().findFirst().orElse("");
  }

  private static String snake(@Nullable String javaName) {
    return String.valueOf(javaName)
        .replaceAll("([a-z0-9])([A-Z])", "$1_$2")
        .toLowerCase(Locale.ROOT);
  }
}
