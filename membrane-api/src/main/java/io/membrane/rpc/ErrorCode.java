package io.membrane.rpc;

import java.util.Locale;

/** Every error of the fleet: a stable code, its HTTP status, and whether to try again. */
public enum ErrorCode {
  MALFORMED_REQUEST(400, false),
  UNAUTHENTICATED(401, false),
  FORBIDDEN(403, false),
  NOT_FOUND(404, false),
  FRAGMENT_NOT_FOUND(404, false),
  METHOD_NOT_ALLOWED(405, false),
  NOT_ACCEPTABLE(406, false),
  FRAGMENT_CONFLICT(409, false),
  ENGINE_CONFLICT(409, false),
  SEQUENCE_GAP(409, false),
  UPLOAD_OFFSET_MISMATCH(409, true),
  UPLOAD_LENGTH_MISMATCH(400, false),
  TOO_LARGE(413, false),
  UNSUPPORTED_MEDIA_TYPE(415, false),
  RANGE_NOT_SATISFIABLE(416, false),
  IMPOSSIBLE_REQUEST(422, false),
  DIGEST_MISMATCH(422, true),
  PREFIX_MISMATCH(422, false),
  QUOTA_EXCEEDED(429, true),
  OVERLOADED(429, true),
  HEADERS_TOO_LARGE(431, false),
  /** The caller closed its connection before the answer; nobody reads this. */
  CANCELLED(499, false),
  INTERNAL(500, false),
  /** A hosted API does not take what this service is configured with, such as its key. */
  PROVIDER_REFUSED(502, false),
  DEPENDENCY_UNAVAILABLE(503, true),
  DEADLINE_EXCEEDED(503, true),
  STORAGE_FULL(507, false);

  private final int status;
  private final boolean retriable;

  ErrorCode(int status, boolean retriable) {
    this.status = status;
    this.retriable = retriable;
  }

  /** HTTP status code. */
  public int status() {
    return status;
  }

  /** Whether the same request may succeed later. */
  public boolean retriable() {
    return retriable;
  }

  /** The code as it stands in problem documents. */
  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The error that a bare HTTP status stands for. */
  public static ErrorCode ofStatus(int status) {
    return switch (status) {
      case 401 -> UNAUTHENTICATED;
      case 403 -> FORBIDDEN;
      case 404 -> NOT_FOUND;
      case 405 -> METHOD_NOT_ALLOWED;
      case 406 -> NOT_ACCEPTABLE;
      case 413 -> TOO_LARGE;
      case 415 -> UNSUPPORTED_MEDIA_TYPE;
      case 416 -> RANGE_NOT_SATISFIABLE;
      case 422 -> IMPOSSIBLE_REQUEST;
      case 429 -> OVERLOADED;
      case 431 -> HEADERS_TOO_LARGE;
      case 499 -> CANCELLED;
      case 502, 503, 504 -> DEPENDENCY_UNAVAILABLE;
      case 507 -> STORAGE_FULL;
      default -> status >= 400 && status < 500 ? MALFORMED_REQUEST : INTERNAL;
    };
  }

  /** The error that a problem document names, or what its status stands for. */
  static ErrorCode of(String code, int status) {
    for (ErrorCode known : values()) {
      if (known.code().equals(code)) {
        return known;
      }
    }
    return ofStatus(status);
  }
}
