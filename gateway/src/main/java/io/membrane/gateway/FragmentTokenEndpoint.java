package io.membrane.gateway;

import io.membrane.gateway.identity.Caller;
import io.membrane.gateway.identity.Callers;
import io.membrane.gateway.identity.FragmentTokenSigner;
import io.membrane.gateway.identity.Scope;
import io.membrane.gateway.limits.LiveLimits;
import io.membrane.gateway.routing.FragmentNodes;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.FragmentTokens;
import io.swagger.v3.oas.annotations.Operation;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.http.CacheControl;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Lets engines talk to fragment nodes without this hop, for a short while. */
@RestController
@EnableConfigurationProperties(DirectAccessProperties.class)
class FragmentTokenEndpoint {

  private static final List<Scope> SCOPES = List.of(Scope.READ, Scope.WRITE);

  private final @Nullable FragmentTokenSigner signer;
  private final Duration maxLife;
  private final LiveLimits limits;
  private final FragmentNodes nodes;
  private final String cluster;
  private final Clock clock;

  FragmentTokenEndpoint(
      DirectAccessProperties direct,
      LiveLimits limits,
      FragmentNodes nodes,
      GatewayProperties gateway,
      Clock clock) {
    byte[] secret = direct.secret();
    this.signer = secret == null ? null : new FragmentTokenSigner(secret);
    this.maxLife = direct.maxLife();
    this.limits = limits;
    this.nodes = nodes;
    this.cluster = gateway.fragmentCluster();
    this.clock = clock;
  }

  /**
   * A token to be made.
   *
   * @param scopes some of {@code read} and {@code write}; without them those of them that the
   *     caller has
   * @param expiresInS seconds that it holds; without it, and at most, what the gateway allows
   */
  record TokenRequest(@Nullable List<String> scopes, @Nullable Long expiresInS) {}

  @Operation(
      summary = "Make a token for the fragment nodes' direct ports",
      description =
          "For the caller's tenant, and for no more than it may do; it holds for minutes and"
              + " cannot be revoked. With it come the nodes and what placement is computed from")
  @PostMapping("/v1/fragment-tokens")
  ResponseEntity<FragmentTokens.Made> create(
      @RequestBody(required = false) @Nullable TokenRequest asked, HttpServletRequest request) {
    Caller caller = Callers.of(request).orElseThrow();
    TokenRequest wanted = asked == null ? new TokenRequest(null, null) : asked;
    FragmentTokenSigner by = signer(caller);
    List<String> scopes = scopes(wanted.scopes(), caller);
    Instant now = clock.instant();
    Instant expires = now.plus(life(wanted.expiresInS()));
    return ResponseEntity.ok()
        .cacheControl(CacheControl.noStore())
        .body(
            new FragmentTokens.Made(
                by.sign(caller, scopes, now, expires),
                caller.tenant(),
                scopes,
                expires.toEpochMilli(),
                cluster,
                nodes.direct()));
  }

  private FragmentTokenSigner signer(Caller caller) {
    if (signer == null) {
      throw impossible(
          "this gateway makes no tokens for fragment nodes: membrane.gateway.direct.secret-file");
    }
    if (limits.areSetFor(caller.tenant())) {
      throw new MembraneException(
          ErrorCode.FORBIDDEN,
          "this tenant has limits, which the gateway alone can count: call fragments here");
    }
    return signer;
  }

  private static List<String> scopes(@Nullable List<String> words, Caller caller) {
    if (words == null) {
      List<String> own = SCOPES.stream().filter(caller::may).map(Scope::word).toList();
      if (own.isEmpty()) {
        throw missing("read or write");
      }
      return own;
    }
    List<Scope> scopes = SCOPES.stream().filter(scope -> words.contains(scope.word())).toList();
    if (scopes.isEmpty()
        || scopes.size() != words.stream().filter(Objects::nonNull).distinct().count()) {
      throw impossible("scopes are some of read and write");
    }
    scopes.stream()
        .filter(scope -> !caller.may(scope))
        .findFirst()
        .ifPresent(scope -> {
          throw missing(scope.word());
        });
    return scopes.stream().map(Scope::word).toList();
  }

  private Duration life(@Nullable Long seconds) {
    if (seconds == null) {
      return maxLife;
    }
    if (seconds < 1 || seconds > maxLife.toSeconds()) {
      throw impossible("expires_in_s is 1 to " + maxLife.toSeconds());
    }
    return Duration.ofSeconds(seconds);
  }

  private static MembraneException impossible(String detail) {
    return new MembraneException(ErrorCode.IMPOSSIBLE_REQUEST, detail);
  }

  private static MembraneException missing(String scope) {
    return new MembraneException(
        ErrorCode.FORBIDDEN, "that takes the scope " + scope + ", which this credential has not");
  }
}
