package io.membrane.gateway.identity;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import io.membrane.rpc.WireJson;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.security.oauth2.core.DelegatingOAuth2TokenValidator;
import org.springframework.security.oauth2.core.OAuth2TokenValidator;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtAudienceValidator;
import org.springframework.security.oauth2.jwt.JwtException;
import org.springframework.security.oauth2.jwt.JwtIssuerValidator;
import org.springframework.security.oauth2.jwt.JwtTimestampValidator;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * The issuer's keys, and tokens decoded by them. The issuer is looked for with the first token, so
 * that a gateway starts without it; while it is away one caller at a time asks again and the others
 * are told at once. Its keys are fetched anew every five minutes, for an unknown key at most twice
 * in half a minute, and outlive an outage of an hour. Thread-safe.
 */
final class IssuerKeys {

  private static final Logger log = LoggerFactory.getLogger(IssuerKeys.class);

  private static final int PATIENCE_MS = 2000;
  private static final int MOST_BYTES = 256 * 1024;
  private static final Duration CLOCK_SKEW = Duration.ofSeconds(30);
  private static final Duration BETWEEN_ATTEMPTS = Duration.ofSeconds(2);
  private static final Duration OUTAGE = Duration.ofHours(1);

  /** Signatures that only the issuer can make. */
  private static final Set<JWSAlgorithm> ALGORITHMS =
      Set.of(JWSAlgorithm.RS256, JWSAlgorithm.ES256);

  private final URI issuer;
  private final String audience;
  private final @Nullable URI jwkSetUri;
  private final DefaultResourceRetriever http =
      new DefaultResourceRetriever(PATIENCE_MS, PATIENCE_MS, MOST_BYTES);
  private final AtomicLong nextAttempt = new AtomicLong(System.nanoTime());
  private volatile @Nullable NimbusJwtDecoder decoder;

  IssuerKeys(URI issuer, String audience, @Nullable URI jwkSetUri) {
    this.issuer = issuer;
    this.audience = audience;
    this.jwkSetUri = jwkSetUri;
  }

  /**
   * A token's claims.
   *
   * @throws org.springframework.security.oauth2.jwt.BadJwtException if it is not to be believed
   * @throws JwtException if that cannot be said now
   */
  Jwt decode(String token) {
    NimbusJwtDecoder known = decoder;
    return (known == null ? found() : known).decode(token);
  }

  private NimbusJwtDecoder found() {
    long due = nextAttempt.get();
    long now = System.nanoTime();
    if (now - due < 0 || !nextAttempt.compareAndSet(due, now + BETWEEN_ATTEMPTS.toNanos())) {
      throw new JwtException("the issuer of tokens is being looked for");
    }
    try {
      NimbusJwtDecoder made = decoder((jwkSetUri == null ? discovered() : jwkSetUri).toURL());
      decoder = made;
      return made;
    } catch (IOException | JacksonException | IllegalArgumentException e) {
      log.warn("the issuer {} cannot be asked for its keys: {}", issuer, e.toString());
      throw new JwtException("the issuer of tokens cannot be asked for its keys", e);
    }
  }

  private URI discovered() throws IOException {
    String base = issuer.toString();
    URI document =
        URI.create(
            (base.endsWith("/") ? base.substring(0, base.length() - 1) : base)
                + "/.well-known/openid-configuration");
    JsonNode found =
        WireJson.mapper().readTree(http.retrieveResource(document.toURL()).getContent());
    if (!base.equals(found.path("issuer").asString(""))) {
      throw new IOException(document + " is that of another issuer");
    }
    return URI.create(found.path("jwks_uri").asString(""));
  }

  private NimbusJwtDecoder decoder(URL keys) {
    DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
    processor.setJWSTypeVerifier(
        new DefaultJOSEObjectTypeVerifier<>(
            JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
    processor.setJWSKeySelector(
        new JWSVerificationKeySelector<>(
            ALGORITHMS,
            JWKSourceBuilder.create(keys, http).outageTolerant(OUTAGE.toMillis()).build()));
    processor.setJWTClaimsSetVerifier((claims, context) -> {});
    NimbusJwtDecoder made = new NimbusJwtDecoder(processor);
    made.setJwtValidator(validator());
    return made;
  }

  private OAuth2TokenValidator<Jwt> validator() {
    JwtTimestampValidator times = new JwtTimestampValidator(CLOCK_SKEW);
    times.setAllowEmptyExpiryClaim(false);
    return new DelegatingOAuth2TokenValidator<>(
        times,
        new JwtIssuerValidator(Objects.requireNonNull(issuer).toString()),
        new JwtAudienceValidator(audience));
  }
}
