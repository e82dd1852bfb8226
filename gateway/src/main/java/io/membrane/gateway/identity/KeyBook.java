package io.membrane.gateway.identity;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.core.HashOperations;
import org.springframework.data.redis.core.StringRedisTemplate;

/**
 * The keys of the fleet, in two hashes of Redis: records by id, and the day of each one's last use.
 * What was found is believed for {@link #BELIEVED}, so that a revoked key works no longer than that
 * on other replicas, and not at all on the one that revoked it. Thread-safe.
 */
public final class KeyBook {

  /** For how long a replica may not notice that a key was revoked. */
  public static final Duration BELIEVED = Duration.ofSeconds(5);

  private static final String KEYS = "membrane:gateway:keys";
  private static final String LAST_USED = "membrane:gateway:keys-used";
  private static final int MOST_KEYS = 10_000;

  private final HashOperations<String, String, String> hashes;
  private final Clock clock;
  private final Cache<String, Optional<StoredKey>> found =
      Caffeine.newBuilder().maximumSize(MOST_KEYS).expireAfterWrite(BELIEVED).build();

  public KeyBook(StringRedisTemplate redis, Clock clock) {
    this.hashes = redis.opsForHash();
    this.clock = clock;
  }

  /**
   * A key as its owner may see it.
   *
   * @param created milliseconds since 1970
   * @param expires milliseconds since 1970
   * @param lastUsed day, or null if it was never used
   * @param expired whether it is refused for its age
   */
  public record KeyEntry(
      String id,
      String tenant,
      String name,
      Set<Scope> scopes,
      long created,
      long expires,
      @Nullable String lastUsed,
      boolean expired) {

    public KeyEntry {
      scopes = Collections.unmodifiableSet(new TreeSet<>(scopes)); // always told in one order
    }
  }

  void add(String id, StoredKey key) {
    inRedis(() -> {
      if (hashes.size(KEYS) >= MOST_KEYS) {
        throw new MembraneException(
            ErrorCode.IMPOSSIBLE_REQUEST, "there are " + MOST_KEYS + " keys; revoke some");
      }
      return hashes.putIfAbsent(KEYS, id, WireJson.mapper().writeValueAsString(key));
    });
    found.invalidate(id);
  }

  /**
   * The record of a key.
   *
   * @throws MembraneException if Redis does not answer
   */
  Optional<StoredKey> find(String id) {
    return found.get(id, this::load);
  }

  /** All keys, the newest first. */
  public List<KeyEntry> list() {
    return inRedis(() -> {
      Map<String, String> used = hashes.entries(LAST_USED);
      return hashes.entries(KEYS).entrySet().stream()
          .map(entry -> entry(entry.getKey(), parse(entry.getValue()), used.get(entry.getKey())))
          .sorted(Comparator.comparingLong(KeyEntry::created).reversed())
          .toList();
    });
  }

  /** One key. */
  public Optional<KeyEntry> look(String id) {
    return inRedis(() ->
        Optional.ofNullable(hashes.get(KEYS, id))
            .map(json -> entry(id, parse(json), hashes.get(LAST_USED, id))));
  }

  /** Ends a key; whether there was one. */
  public boolean revoke(String id) {
    try {
      return inRedis(() -> {
        hashes.delete(LAST_USED, id);
        return hashes.delete(KEYS, id) > 0;
      });
    } finally {
      found.invalidate(id);
    }
  }

  /** Notes the day of its use: of a cached key once in {@link #BELIEVED}. */
  private void used(String id) {
    String today = LocalDate.now(clock).toString();
    if (!today.equals(hashes.get(LAST_USED, id))) {
      hashes.put(LAST_USED, id, today);
    }
  }

  private Optional<StoredKey> load(String id) {
    return inRedis(() -> {
      Optional<StoredKey> key = Optional.ofNullable(hashes.get(KEYS, id)).map(KeyBook::parse);
      if (key.isPresent()) {
        used(id);
      }
      return key;
    });
  }

  private KeyEntry entry(String id, StoredKey key, @Nullable String lastUsed) {
    return new KeyEntry(
        id,
        key.tenant(),
        key.name(),
        key.scopes(),
        key.created(),
        key.expires(),
        lastUsed,
        key.isOver(clock.instant()));
  }

  private static StoredKey parse(String json) {
    return Objects.requireNonNull(WireJson.mapper().readValue(json, StoredKey.class));
  }

  private static <T> T inRedis(Supplier<T> call) {
    try {
      return call.get();
    } catch (DataAccessException e) {
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE,
          "keys cannot be looked up now: Redis does not answer; try again",
          e);
    }
  }
}
