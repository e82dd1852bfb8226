package io.membrane.gateway.identity;

import io.membrane.rpc.MembraneException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.AuthenticationServiceException;
import org.springframework.security.core.Authentication;
import org.springframework.security.oauth2.server.resource.InvalidBearerTokenException;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthenticationToken;

/** Makes API keys and knows them again. Thread-safe. */
public final class Keys implements AuthenticationManager {

  /** Compared with where no key has the id, so that such a refusal takes as long as another. */
  private static final byte[] NOBODYS = new byte[32];

  private final @Nullable KeyBook book;
  private final @Nullable BootstrapKey bootstrap;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();

  /**
   * @param book null where there is no Redis: then the bootstrap key is the only one
   * @param bootstrapKeyFile null if there is none
   */
  public Keys(@Nullable KeyBook book, @Nullable Path bootstrapKeyFile, Clock clock) {
    this.book = book;
    this.bootstrap = BootstrapKey.read(bootstrapKeyFile);
    this.clock = clock;
  }

  /**
   * A key that was just made.
   *
   * @param key to be given to its holder; it is nowhere to be had again
   */
  public record NewKey(String id, String key, Instant expires) {}

  /** Whether a credential is meant to be a key. */
  public static boolean isKey(String credential) {
    return credential.startsWith(ApiKey.PREFIX);
  }

  /** Makes a key. */
  public NewKey create(
      KeyBook keyBook, String tenant, String name, Set<Scope> scopes, Duration life) {
    ApiKey key = ApiKey.random(random);
    Instant now = clock.instant();
    Instant expires = now.plus(life);
    keyBook.add(
        key.id(),
        new StoredKey(
            tenant,
            name,
            scopes,
            now.toEpochMilli(),
            expires.toEpochMilli(),
            HexFormat.of().formatHex(key.digest())));
    return new NewKey(key.id(), key.reveal(), expires);
  }

  @Override
  public Authentication authenticate(Authentication presented) {
    String token = ((BearerTokenAuthenticationToken) presented).getToken();
    ApiKey key =
        ApiKey.parse(token)
            .orElseThrow(
                () -> new InvalidBearerTokenException("that has not the form of an API key"));
    Optional<StoredKey> known = find(key.id());
    boolean isRight =
        MessageDigest.isEqual(known.map(StoredKey::digest).orElse(NOBODYS), key.digest());
    if (!isRight || known.isEmpty()) {
      throw new InvalidBearerTokenException("the API key is not known, or was revoked");
    }
    if (known.get().isOver(clock.instant())) {
      throw new InvalidBearerTokenException("the API key has expired; ask for a new one");
    }
    return new CallerAuthentication(
        new Caller(known.get().tenant(), ApiKey.PREFIX + key.id(), known.get().scopes()));
  }

  private Optional<StoredKey> find(String id) {
    if (bootstrap != null && bootstrap.id().equals(id)) {
      return Optional.of(bootstrap.record());
    }
    if (book == null) {
      return Optional.empty();
    }
    try {
      return book.find(id);
    } catch (MembraneException e) {
      throw new AuthenticationServiceException(e.detail(), e);
    }
  }
}
