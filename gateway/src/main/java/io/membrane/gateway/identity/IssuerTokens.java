package io.membrane.gateway.identity;

import io.membrane.rpc.CallContext;
import java.net.URI;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.AuthenticationServiceException;
import org.springframework.security.core.Authentication;
import org.springframework.security.oauth2.jwt.BadJwtException;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtException;
import org.springframework.security.oauth2.server.resource.InvalidBearerTokenException;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthenticationToken;

/** Believes the tokens of one issuer. Thread-safe. */
public final class IssuerTokens implements AuthenticationManager {

  private static final int MOST_SUBJECT = 128;

  private final IssuerKeys keys;
  private final String tenantClaim;
  private final String scopesClaim;

  /**
   * @param properties that name an issuer and an audience
   */
  public IssuerTokens(SecurityProperties properties) {
    URI issuer = Objects.requireNonNull(properties.issuer());
    String audience = Objects.requireNonNull(properties.audience());
    this.keys = new IssuerKeys(issuer, audience, properties.jwkSetUri());
    this.tenantClaim = properties.tenantClaim();
    this.scopesClaim = properties.scopesClaim();
  }

  @Override
  public Authentication authenticate(Authentication presented) {
    Jwt token = decoded(((BearerTokenAuthenticationToken) presented).getToken());
    String tenant = token.getClaims().get(tenantClaim) instanceof String name ? name : "";
    if (!CallContext.isTenant(tenant)) {
      throw new InvalidBearerTokenException(
          "the token's claim " + tenantClaim + " names no tenant");
    }
    String subject = String.valueOf(token.getSubject());
    return new CallerAuthentication(
        new Caller(
            tenant,
            "jwt:" + subject.substring(0, Math.min(MOST_SUBJECT, subject.length())),
            scopes(token.getClaims().get(scopesClaim))));
  }

  private Jwt decoded(String token) {
    try {
      return keys.decode(token);
    } catch (BadJwtException e) {
      throw new InvalidBearerTokenException("the token is not to be believed: " + reason(e), e);
    } catch (JwtException e) {
      throw new AuthenticationServiceException(
          "tokens cannot be checked now: their issuer does not answer; try again", e);
    }
  }

  /** In few words, and none of the token's own. */
  private static String reason(BadJwtException e) {
    String said = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
    return Arrays.stream(Reason.values())
        .filter(reason -> said.contains(reason.sign))
        .findFirst()
        .map(reason -> reason.text)
        .orElse("it is no token that the issuer signed");
  }

  private enum Reason {
    EXPIRED("expired", "it has expired"),
    EARLY("used before", "its time has not come"),
    NO_EXPIRY("exp is required", "it has no expiry"),
    ISSUER("iss claim", "it is of another issuer"),
    AUDIENCE("aud claim", "it is for another audience");

    private final String sign;
    private final String text;

    Reason(String sign, String text) {
      this.sign = sign;
      this.text = text;
    }
  }

  private static Set<Scope> scopes(@Nullable Object claim) {
    Collection<?> words =
        switch (claim) {
          case String text -> List.of(text.split(" ", -1));
          case Collection<?> all -> all;
          case null, default -> List.of();
        };
    return words.stream()
        .map(word -> Scope.named(String.valueOf(word)))
        .flatMap(Optional::stream)
        .collect(Collectors.toUnmodifiableSet());
  }
}
