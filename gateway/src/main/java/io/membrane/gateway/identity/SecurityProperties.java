package io.membrane.gateway.identity;

import io.membrane.boot.StartupProblem;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Who may call.
 *
 * @param anonymous whether everybody may do everything, as tenant {@code default}
 * @param issuer of tokens that are believed; null if none are
 * @param audience that a token must name
 * @param jwkSetUri where the issuer's keys are; null: where its discovery document says
 * @param tenantClaim of the caller's tenant
 * @param scopesClaim of the caller's scopes, a list or words with spaces between
 * @param bootstrapKeyFile of a key with every scope; null if there is none
 */
@ConfigurationProperties("membrane.gateway.security")
public record SecurityProperties(
    @DefaultValue("false") boolean anonymous,
    @Nullable URI issuer,
    @Nullable String audience,
    @Nullable URI jwkSetUri,
    @DefaultValue("tenant") String tenantClaim,
    @DefaultValue("scope") String scopesClaim,
    @Nullable Path bootstrapKeyFile) {

  private static final String PREFIX = "membrane.gateway.security.";

  /** What a deployment leaves blank is not set. */
  public SecurityProperties {
    issuer = issuer == null || issuer.toString().isBlank() ? null : issuer;
    audience = audience == null || audience.isBlank() ? null : audience;
    jwkSetUri = jwkSetUri == null || jwkSetUri.toString().isBlank() ? null : jwkSetUri;
    bootstrapKeyFile =
        bootstrapKeyFile == null || bootstrapKeyFile.toString().isBlank() ? null : bootstrapKeyFile;
  }

  /**
   * Itself.
   *
   * @param redis whether keys can be kept
   * @throws StartupProblem if nobody could call, or the settings contradict each other
   */
  public SecurityProperties checked(boolean redis) {
    if (anonymous) {
      checkNothingElse();
      return this;
    }
    if (issuer == null && bootstrapKeyFile == null && !redis) {
      throw new StartupProblem(
          "nobody could call this gateway: it knows no credentials",
          "Set spring.data.redis.url (API keys) and %sbootstrap-key-file (the first of them),"
                  .formatted(PREFIX)
              + " or %sissuer and %<saudience (tokens of an OIDC issuer),".formatted(PREFIX)
              + " or, where everybody who reaches it may do everything, %sanonymous=true."
                  .formatted(PREFIX));
    }
    if (issuer == null && (audience != null || jwkSetUri != null)) {
      throw new StartupProblem(
          PREFIX + "issuer is missing", "Name whose tokens are believed, or leave out the others.");
    }
    if (issuer != null) {
      checkUrl("issuer", issuer);
      if (audience == null) {
        throw new StartupProblem(
            PREFIX + "audience is missing: tokens for other services would be believed",
            "Write what the issuer puts into the claim aud for this fleet.");
      }
    }
    if (jwkSetUri != null) {
      checkUrl("jwk-set-uri", jwkSetUri);
    }
    return this;
  }

  private void checkNothingElse() {
    if (issuer != null || bootstrapKeyFile != null) {
      throw new StartupProblem(
          "%sanonymous is true, and %<s%s would not be used"
              .formatted(PREFIX, issuer != null ? "issuer" : "bootstrap-key-file"),
          "Leave out one of them: with credentials nobody is anonymous.");
    }
  }

  private static void checkUrl(String name, URI url) {
    boolean known = url.getHost() != null && Set.of("http", "https").contains(scheme(url));
    if (!known || (scheme(url).equals("http") && !isLoopback(url.getHost()))) {
      throw new StartupProblem(
          PREFIX + name + "=" + url + " is not a URL that can be trusted",
          "Write https://…; http:// is for this machine alone, since who changes the answer makes"
              + " the keys.");
    }
  }

  private static String scheme(URI url) {
    return String.valueOf(url.getScheme());
  }

  private static boolean isLoopback(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }
}
