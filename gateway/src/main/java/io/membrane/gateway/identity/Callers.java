package io.membrane.gateway.identity;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.security.core.Authentication;

/** Who has been authenticated; where the operator says so, whoever calls. */
public final class Callers {

  private static final String ATTRIBUTE = Caller.class.getName();

  private final boolean anonymous;

  public Callers(boolean anonymous) {
    this.anonymous = anonymous;
  }

  /** Empty if nobody was. */
  Optional<Caller> of(@Nullable Authentication authentication) {
    return anonymous
        ? Optional.of(Caller.anonymous())
        : Optional.ofNullable(CallerAuthentication.callerOf(authentication));
  }

  /** Says of a request whose it is. */
  static void note(HttpServletRequest request, Caller caller) {
    request.setAttribute(ATTRIBUTE, caller);
  }

  /** Whose request it is; empty if nobody knows yet. */
  public static Optional<Caller> of(HttpServletRequest request) {
    return Optional.ofNullable((Caller) request.getAttribute(ATTRIBUTE));
  }
}
