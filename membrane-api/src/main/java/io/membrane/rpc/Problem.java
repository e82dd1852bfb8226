package io.membrane.rpc;

import org.jspecify.annotations.Nullable;

/**
 * RFC 9457 problem document.
 *
 * @param type {@code urn:membrane:error:<code>}
 * @param detail what is wrong and what to do
 * @param traceId W3C trace id of the failed request, if it had one
 */
public record Problem(
    String type,
    String title,
    int status,
    String detail,
    String code,
    boolean retriable,
    @Nullable String traceId) {

  /** Media type of a problem document. */
  public static final String MEDIA_TYPE = "application/problem+json";

  public static Problem of(ErrorCode code, String detail, @Nullable String traceId) {
    return new Problem(
        "urn:membrane:error:" + code.code(),
        code.name().charAt(0) + code.code().substring(1).replace('_', ' '),
        code.status(),
        detail,
        code.code(),
        code.retriable(),
        traceId);
  }

  /** The exception that reports this problem further up. */
  public MembraneException toException() {
    return new MembraneException(ErrorCode.of(code, status), detail);
  }
}
