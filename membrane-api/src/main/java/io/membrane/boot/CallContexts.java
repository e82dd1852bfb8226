package io.membrane.boot;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.TraceParent;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;

/** Reads from a request for whom it is and until when its answer is of use. */
public final class CallContexts {

  private final HttpProperties properties;

  CallContexts(HttpProperties properties) {
    this.properties = properties;
  }

  /**
   * The context of a request, whose time begins now and ends when its caller leaves.
   *
   * @throws MembraneException {@link ErrorCode#MALFORMED_REQUEST} if a header is not well formed
   */
  public CallContext of(HttpServletRequest request) {
    return CallContext.of(
        tenant(request.getHeader(CallContext.TENANT_HEADER)),
        budget(request.getHeader(CallContext.DEADLINE_HEADER)),
        CallerWatch.cancellationOf(request));
  }

  /**
   * Whether nothing is said of a request but its method, path and body: no query, no coding of the
   * body, and its trace is not sampled. Such a request may be answered before observation.
   */
  public static boolean isPlain(HttpServletRequest request, HttpMethod method) {
    return method.matches(request.getMethod())
        && request.getQueryString() == null
        && request.getHeader(HttpHeaders.CONTENT_ENCODING) == null
        && !isSampled(request.getHeader(TraceParent.HEADER));
  }

  /**
   * Whether a request is a plain POST of a JSON body of known length.
   *
   * @param most bytes of the body, if JSON bodies may be so long at all
   */
  public boolean isPlainJson(HttpServletRequest request, long most) {
    long length = request.getContentLengthLong();
    return isPlain(request, HttpMethod.POST)
        && MediaType.APPLICATION_JSON_VALUE.equals(request.getContentType())
        && length > 0
        && length <= Math.min(most, properties.maxJson().toBytes());
  }

  /** By the last bit of the header (W3C Trace Context, section 3.2.2.5). */
  private static boolean isSampled(@Nullable String traceParent) {
    return traceParent != null
        && !traceParent.isEmpty()
        && (Character.digit(traceParent.charAt(traceParent.length() - 1), 16) & 1) == 1;
  }

  private static String tenant(@Nullable String header) {
    if (header == null) {
      return CallContext.DEFAULT_TENANT;
    }
    if (!CallContext.isTenant(header)) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST,
          CallContext.TENANT_HEADER + " is 1 to 128 letters, digits, '.', '_' and '-'");
    }
    return header;
  }

  private Duration budget(@Nullable String header) {
    if (header == null) {
      return properties.defaultDeadline();
    }
    try {
      Duration asked = Duration.ofMillis(Long.parseLong(header));
      if (asked.isPositive()) {
        return asked.compareTo(properties.maxDeadline()) < 0 ? asked : properties.maxDeadline();
      }
    } catch (NumberFormatException e) {
      throw unreadable(e);
    }
    throw unreadable(null);
  }

  private static MembraneException unreadable(@Nullable Throwable cause) {
    return new MembraneException(
        ErrorCode.MALFORMED_REQUEST,
        CallContext.DEADLINE_HEADER + " is a positive number of milliseconds",
        cause);
  }
}
