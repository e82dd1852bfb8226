package io.membrane.gateway.identity;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Locale;
import java.util.Optional;

/** Why the gateway itself turned a request away. */
public enum Refusal {
  PATH,
  CREDENTIAL_MISSING,
  CREDENTIAL_REFUSED,
  IDENTITY_UNAVAILABLE,
  SCOPE_MISSING,
  FOREIGN_TENANT,
  BODY_TOO_LARGE,
  BODY_TOO_SLOW,
  RATE,
  CONCURRENCY,
  BYTES_IN,
  BYTES_OUT,
  LIMITS_UNAVAILABLE;

  private static final String ATTRIBUTE = Refusal.class.getName();

  /** As it stands in metrics and in the audit log. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Says of a request that it was turned away for this. */
  public void mark(HttpServletRequest request) {
    request.setAttribute(ATTRIBUTE, this);
  }

  /** Why a request was turned away; empty if it was not. */
  static Optional<Refusal> of(HttpServletRequest request) {
    return Optional.ofNullable((Refusal) request.getAttribute(ATTRIBUTE));
  }

  /** Whether somebody tried what was not theirs. */
  boolean isAudited() {
    return this == CREDENTIAL_REFUSED || this == SCOPE_MISSING || this == FOREIGN_TENANT;
  }
}
