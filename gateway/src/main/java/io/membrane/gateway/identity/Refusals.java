package io.membrane.gateway.identity;

import io.membrane.boot.ProblemWriter;
import io.membrane.rpc.ErrorCode;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.authentication.AuthenticationServiceException;
import org.springframework.security.authorization.AuthorizationDecision;
import org.springframework.security.authorization.AuthorizationManager;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.oauth2.core.OAuth2AuthenticationException;
import org.springframework.security.oauth2.server.resource.InvalidBearerTokenException;
import org.springframework.security.web.AuthenticationEntryPoint;
import org.springframework.security.web.access.AccessDeniedHandler;
import org.springframework.security.web.access.intercept.RequestAuthorizationContext;
import org.springframework.security.web.authentication.AuthenticationFailureHandler;
import org.springframework.security.web.firewall.RequestRejectedException;
import org.springframework.security.web.firewall.RequestRejectedHandler;

/** Decides by {@link Access} who may go on, and tells the others why not. */
public final class Refusals
    implements AuthenticationEntryPoint,
        AuthenticationFailureHandler,
        AccessDeniedHandler,
        RequestRejectedHandler,
        AuthorizationManager<RequestAuthorizationContext> {

  private static final Map<String, String> CHALLENGE =
      Map.of(HttpHeaders.WWW_AUTHENTICATE, "Bearer realm=\"membrane\"");

  private final ProblemWriter problems;
  private final Callers callers;

  public Refusals(ProblemWriter problems, Callers callers) {
    this.problems = problems;
    this.callers = callers;
  }

  @Override
  public AuthorizationDecision authorize(
      Supplier<? extends @Nullable Authentication> authentication,
      RequestAuthorizationContext context) {
    HttpServletRequest request = context.getRequest();
    Optional<Caller> caller = callers.of(authentication.get());
    caller.ifPresent(known -> Callers.note(request, known));
    Optional<Refusal> refusal = caller.flatMap(known -> Access.of(request).refusal(known));
    refusal.ifPresent(why -> why.mark(request));
    return new AuthorizationDecision(caller.isPresent() && refusal.isEmpty());
  }

  /** No credential at all. */
  @Override
  public void commence(
      HttpServletRequest request, HttpServletResponse response, AuthenticationException e)
      throws IOException {
    Refusal.CREDENTIAL_MISSING.mark(request);
    problems.write(
        ErrorCode.UNAUTHENTICATED,
        "send an API key or a token: Authorization: Bearer <it>",
        CHALLENGE,
        response);
  }

  /** One that is not believed, or that cannot be checked. */
  @Override
  public void onAuthenticationFailure(
      HttpServletRequest request, HttpServletResponse response, AuthenticationException e)
      throws IOException {
    if (e instanceof AuthenticationServiceException) {
      Refusal.IDENTITY_UNAVAILABLE.mark(request);
      problems.write(ErrorCode.DEPENDENCY_UNAVAILABLE, String.valueOf(e.getMessage()), response);
      return;
    }
    Refusal.CREDENTIAL_REFUSED.mark(request);
    String reason =
        e instanceof InvalidBearerTokenException || !(e instanceof OAuth2AuthenticationException)
            ? String.valueOf(e.getMessage())
            : "Authorization is Bearer and one API key or token, and nothing else";
    problems.write(ErrorCode.UNAUTHENTICATED, reason, CHALLENGE, response);
  }

  @Override
  public void handle(
      HttpServletRequest request, HttpServletResponse response, AccessDeniedException e)
      throws IOException {
    Access.Need need = Access.of(request);
    boolean isForeign = Refusal.of(request).filter(r -> r == Refusal.FOREIGN_TENANT).isPresent();
    Scope scope = need.scope();
    problems.write(
        ErrorCode.FORBIDDEN,
        isForeign
            ? "that is another tenant's; it takes the scope admin"
            : "that takes the scope "
                + (scope == null ? Scope.READ : scope).word()
                + ", which this credential has not",
        response);
  }

  /** Path tricks and forbidden characters. */
  @Override
  public void handle(
      HttpServletRequest request, HttpServletResponse response, RequestRejectedException e)
      throws IOException {
    Refusal.PATH.mark(request);
    problems.write(
        ErrorCode.MALFORMED_REQUEST,
        "the path or a header holds what is not taken here, such as //, an encoded slash, an"
            + " encoded dot, ; or a control character",
        response);
  }
}
