package io.membrane.gateway;

import io.membrane.gateway.identity.KeyBook;
import io.membrane.gateway.identity.KeyBook.KeyEntry;
import io.membrane.gateway.identity.Keys;
import io.membrane.gateway.identity.Scope;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.swagger.v3.oas.annotations.Operation;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.http.CacheControl;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** API keys: made, listed, revoked. */
@RestController
class KeyEndpoint {

  private static final Duration LONGEST = Duration.ofDays(3650);
  private static final int MOST_NAME = 128;

  private final Keys keys;
  private final @Nullable KeyBook book;

  KeyEndpoint(Keys keys, ObjectProvider<KeyBook> book) {
    this.keys = keys;
    this.book = book.getIfAvailable();
  }

  /**
   * A key to be made.
   *
   * @param expiresInS seconds until it is refused; without it 90 days
   */
  record KeyRequest(
      @Nullable String tenant,
      @Nullable String name,
      @Nullable List<String> scopes,
      @Nullable Long expiresInS) {}

  /**
   * A key that was made.
   *
   * @param key to be given to its holder; it is told once
   * @param expires milliseconds since 1970
   */
  record KeyMade(String id, String key, String tenant, Set<Scope> scopes, long expires) {}

  record KeyList(List<KeyEntry> keys) {}

  @Operation(
      summary = "Make an API key",
      description =
          "Scopes: read, write, engine, admin. The key is in this answer and nowhere else")
  @PostMapping("/v1/keys")
  ResponseEntity<KeyMade> create(@RequestBody KeyRequest request) {
    String tenant = request.tenant() == null ? "" : request.tenant();
    if (!CallContext.isTenant(tenant)) {
      throw impossible("tenant is 1 to 128 letters, digits, '.', '_' and '-'");
    }
    Set<Scope> scopes = scopes(request.scopes());
    Keys.NewKey made =
        keys.create(book(), tenant, name(request.name()), scopes, life(request.expiresInS()));
    return ResponseEntity.created(URI.create("/v1/keys/" + made.id()))
        .cacheControl(CacheControl.noStore())
        .body(new KeyMade(made.id(), made.key(), tenant, scopes, made.expires().toEpochMilli()));
  }

  @Operation(summary = "All keys, without their secrets, the newest first")
  @GetMapping("/v1/keys")
  KeyList list() {
    return new KeyList(book().list());
  }

  @Operation(summary = "One key, without its secret")
  @GetMapping("/v1/keys/{id}")
  KeyEntry look(@PathVariable String id) {
    return book().look(id).orElseThrow(() -> unknown(id));
  }

  @Operation(summary = "Revoke a key", description = "Other replicas notice within five seconds")
  @DeleteMapping("/v1/keys/{id}")
  ResponseEntity<Void> revoke(@PathVariable String id) {
    if (!book().revoke(id)) {
      throw unknown(id);
    }
    return ResponseEntity.noContent().build();
  }

  private KeyBook book() {
    if (book == null) {
      throw impossible("keys are kept in Redis, and this gateway has none: spring.data.redis.url");
    }
    return book;
  }

  private static Set<Scope> scopes(@Nullable List<String> words) {
    List<Optional<Scope>> named =
        (words == null ? List.<String>of() : words)
            .stream().map(word -> Scope.named(String.valueOf(word))).toList();
    if (named.isEmpty() || named.contains(Optional.<Scope>empty())) {
      throw impossible("scopes are some of read, write, engine and admin");
    }
    return named.stream().flatMap(Optional::stream).collect(Collectors.toCollection(TreeSet::new));
  }

  private static String name(@Nullable String name) {
    if (name == null || name.isBlank() || name.length() > MOST_NAME) {
      throw impossible("name is 1 to " + MOST_NAME + " characters: who has the key");
    }
    return name;
  }

  private static Duration life(@Nullable Long seconds) {
    if (seconds == null) {
      return Duration.ofDays(90);
    }
    if (seconds < 1 || seconds > LONGEST.toSeconds()) {
      throw impossible("expires_in_s is 1 to " + LONGEST.toSeconds());
    }
    return Duration.ofSeconds(seconds);
  }

  private static MembraneException impossible(String detail) {
    return new MembraneException(ErrorCode.IMPOSSIBLE_REQUEST, detail);
  }

  private static MembraneException unknown(String id) {
    return new MembraneException(
        ErrorCode.NOT_FOUND, "there is no key " + id + "; GET /v1/keys lists them");
  }
}
