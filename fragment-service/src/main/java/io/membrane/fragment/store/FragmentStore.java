package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.lettuce.core.KeyValue;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.FragmentClient.FragmentMeta;
import io.membrane.wire.LogPosition;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * The fragments of all replicas of this service, in one Redis. See {@link FragmentHash} for how a
 * fragment is kept.
 *
 * <p>A fragment and its log entry live under different keys, which on Redis Cluster cannot change
 * together. So a put
 *
 * <ol>
 *   <li>stores the fragment, marked {@code pending}: one script, all or nothing;
 *   <li>appends {@code stored} to the log;
 *   <li>clears the mark; if the fragment is gone by now, it starts again.
 * </ol>
 *
 * and is acknowledged after the third step. A process that dies before it leaves the mark, and the
 * next equal put announces again. Whoever removes a fragment appends {@code removed} and then looks
 * whether it has come back meanwhile ({@link #announceAbsence}). So the log's last word about a
 * fragment is true, whatever the interleaving, unless a process dies between the two; a repeated
 * entry does no harm.
 *
 * <p>Methods block and are thread-safe. Besides the errors they name they throw {@link
 * ErrorCode#DEPENDENCY_UNAVAILABLE} and {@link ErrorCode#DEADLINE_EXCEEDED}.
 */
public final class FragmentStore {

  /**
   * Where this store stands and what it does by default.
   *
   * @param node its name in the log; replicas that share a Redis share it
   * @param cluster the node's cluster in the log
   * @param defaultTtl life of a fragment that names none and is not pinned
   * @param logLength entries that the log keeps, at least
   */
  public record Settings(String node, String cluster, Duration defaultTtl, long logLength) {}

  /**
   * Answer to a put.
   *
   * @param isNew false if equal bytes were there already
   * @param logPosition log entry that tells of the fragment
   */
  public record Stored(boolean isNew, ContentDigest digest, String logPosition) {}

  private static final Logger log = LoggerFactory.getLogger(FragmentStore.class);

  /** How often a put or a removal starts again because another call removed or restored it. */
  private static final int ATTEMPTS = 5;

  private final RedisCalls redis;
  private final EventLog events;
  private final Settings settings;
  private final Clock clock;
  private final StoreMeters meters;

  /**
   * @param factory Spring Data's Lettuce factory, already started
   */
  public FragmentStore(
      RedisConnectionFactory factory, Settings settings, Clock clock, MeterRegistry registry) {
    this.redis = new RedisCalls(factory, registry);
    this.events = new EventLog(redis, settings);
    this.settings = settings;
    this.clock = clock;
    this.meters = new StoreMeters(registry);
  }

  /**
   * Stores a fragment, unless equal bytes are there: then the first metadata stays, and the life
   * grows if it was shorter by more than a sixteenth.
   *
   * @param claimed digest that the caller has computed, or null
   * @throws MembraneException {@link ErrorCode#DIGEST_MISMATCH}, {@link
   *     ErrorCode#IMPOSSIBLE_REQUEST}, {@link ErrorCode#FRAGMENT_CONFLICT} if other bytes are
   *     there, {@link ErrorCode#STORAGE_FULL} if Redis has no room; nothing is stored then
   */
  public Stored put(
      FragmentKey key, FragmentMeta meta, @Nullable ContentDigest claimed, byte[] body) {
    return meters.put(
        body.length,
        () -> {
          PutRules.check(meta, body.length);
          ContentDigest digest = ContentDigest.of(body);
          if (claimed != null && !claimed.equals(digest)) {
            throw new MembraneException(
                ErrorCode.DIGEST_MISMATCH,
                "the body's digest is " + digest + ", not " + claimed + "; send it again");
          }
          return putWhole(key, meta, digest, body);
        });
  }

  /** What is known of a fragment, or null if it is not there. */
  public Fragment.@Nullable Description describe(FragmentKey key) {
    Fragment.Description found = lookOrDrop(key);
    if (found == null) {
      meters.miss();
    }
    return found;
  }

  /** The fragment, or null if it is not there. */
  public @Nullable Fragment get(FragmentKey key) {
    return get(List.of(key)).getFirst();
  }

  /** The fragments in the order of the keys, null for each that is not there. */
  public List<@Nullable Fragment> get(List<FragmentKey> keys) {
    return meters.get(keys.size(), () -> read(keys));
  }

  private List<@Nullable Fragment> read(List<FragmentKey> keys) {
    List<List<KeyValue<byte[], byte[]>>> all =
        forEach(keys, "get", (redis, key) -> redis.hmget(key, FragmentHash.everyField()));
    List<@Nullable Fragment> fragments = new ArrayList<>(keys.size());
    for (int i = 0; i < keys.size(); i++) {
      fragments.add(verify(keys.get(i), all.get(i)));
    }
    return fragments;
  }

  /** Bytes of each fragment, in the order of the keys; 0 for one that is not there. */
  public List<Long> sizes(List<FragmentKey> keys) {
    return forEach(keys, "size", (redis, key) -> redis.hstrlen(key, FragmentHash.BODY));
  }

  /**
   * Removes a fragment; one that is not there is announced as removed all the same, so that a
   * repeated call completes one that failed half-way.
   *
   * @return log entry that tells of it
   */
  public String delete(FragmentKey key) {
    redis.one("unlink", commands -> commands.unlink(FragmentHash.key(key)));
    return announceAbsence(key);
  }

  private Stored putWhole(FragmentKey key, FragmentMeta meta, ContentDigest digest, byte[] body) {
    byte[] metaJson = FragmentHash.meta(meta);
    byte[] seal = FragmentHash.seal(key, digest, body.length, metaJson);
    byte[] life = ascii(life(meta));
    boolean isNew = false;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      List<@Nullable Object> taken =
          redis.script(
              Script.PUT, FragmentHash.key(key), body, ascii(digest), metaJson, seal, life);
      switch (text(taken, 0)) {
        case "CONFLICT" -> {
          if (read(List.of(key)).getFirst() == null) {
            continue; // What stood in the way was damaged and is dropped.
          }
          throw new MembraneException(
              ErrorCode.FRAGMENT_CONFLICT,
              "other bytes are stored under this key; fragments are immutable, the first stay");
        }
        case "STORED" -> isNew = true;
        default -> {
          String position = text(taken, 2);
          if (!position.isEmpty() && lookOrDrop(key) == null) {
            continue; // As above.
          }
          if (!position.isEmpty() && events.holds(position)) {
            return new Stored(isNew, digest, position);
          }
        }
      }
      Fragment.Description kept =
          text(taken, 0).equals("STORED")
              ? new Fragment.Description(
                  key, meta, digest, body.length, expiry(text(taken, 1)), null)
              : lookOrDrop(key);
      String position = kept == null ? null : announce(kept, isNew);
      if (position != null) {
        return new Stored(isNew, digest, position);
      }
    }
    announceAbsence(key);
    throw new MembraneException(
        ErrorCode.OVERLOADED, "the fragment is being removed and stored at the same time");
  }

  /**
   * Appends {@code stored}; null if the fragment is gone by now.
   *
   * @param ours whether this put has stored it, and takes it back if the log has no room
   */
  private @Nullable String announce(Fragment.Description kept, boolean ours) {
    try {
      String position = events.stored(kept);
      return settle(kept, position) ? position : null;
    } catch (MembraneException e) {
      if (ours && e.code() == ErrorCode.STORAGE_FULL) {
        redis.script(Script.WITHDRAW, FragmentHash.key(kept.key()), ascii(kept.digest()));
      }
      throw e;
    }
  }

  /**
   * Appends {@code removed}, and {@code stored} again if the fragment is there after all and was
   * announced before that: until what was appended last is true.
   */
  private String announceAbsence(FragmentKey key) {
    String position = events.removed(key);
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Fragment.Description found = lookOrNull(key);
      if (found == null || isAfter(found.logPosition(), position)) {
        break;
      }
      if (settle(found, events.stored(found))) {
        break;
      }
      position = events.removed(key);
    }
    return position;
  }

  private boolean settle(Fragment.Description announced, String position) {
    Long expires = announced.expiresAtMs();
    List<@Nullable Object> answer =
        redis.script(
            Script.SETTLE,
            FragmentHash.key(announced.key()),
            ascii(announced.digest()),
            ascii(expires == null ? 0 : expires),
            ascii(position));
    return Long.valueOf(1).equals(answer.getFirst());
  }

  private Fragment.@Nullable Description look(FragmentKey key) throws DamagedException {
    List<@Nullable Object> found = redis.script(Script.DESCRIBE, FragmentHash.key(key));
    List<byte @Nullable []> fields = new ArrayList<>(found.size());
    for (Object field : found.subList(1, found.size())) {
      fields.add((byte[]) field);
    }
    return FragmentHash.describe(key, (Long) found.getFirst(), fields, clock);
  }

  private Fragment.@Nullable Description lookOrDrop(FragmentKey key) {
    try {
      return look(key);
    } catch (DamagedException e) {
      drop(key, e);
      return null;
    }
  }

  /** As {@link #look}; what is damaged is dropped by the next who reads it. */
  private Fragment.@Nullable Description lookOrNull(FragmentKey key) {
    try {
      return look(key);
    } catch (DamagedException e) {
      log.debug("{} is damaged", key, e);
      return null;
    }
  }

  private @Nullable Fragment verify(FragmentKey key, List<KeyValue<byte[], byte[]>> found) {
    List<byte @Nullable []> fields = new ArrayList<>(found.size());
    for (KeyValue<byte[], byte[]> field : found) {
      fields.add(field.hasValue() ? field.getValue() : null);
    }
    try {
      return FragmentHash.fragment(key, fields, clock);
    } catch (DamagedException e) {
      drop(key, e);
      return null;
    }
  }

  private void drop(FragmentKey key, DamagedException damage) {
    log.error("{} is dropped: {}", key, damage.getMessage());
    meters.corrupt();
    delete(key);
  }

  private <T> List<T> forEach(
      List<FragmentKey> keys,
      String call,
      BiFunction<RedisClusterAsyncCommands<byte[], byte[]>, byte[], RedisFuture<T>> command) {
    List<Function<RedisClusterAsyncCommands<byte[], byte[]>, RedisFuture<T>>> commands =
        new ArrayList<>(keys.size());
    for (FragmentKey key : keys) {
      byte[] redisKey = FragmentHash.key(key);
      commands.add(redis -> command.apply(redis, redisKey));
    }
    return redis.many(call, commands);
  }

  /** Milliseconds, 0 for a pin. */
  private long life(FragmentMeta meta) {
    Long seconds = meta.ttlSeconds();
    if (meta.pin()) {
      return 0;
    }
    return seconds == null ? settings.defaultTtl().toMillis() : Math.multiplyExact(seconds, 1000L);
  }

  private static @Nullable Long expiry(String expires) {
    return expires.equals("0") ? null : Long.valueOf(expires);
  }

  private static String text(List<@Nullable Object> answer, int index) {
    return FragmentHash.text((byte[]) Objects.requireNonNull(answer.get(index)));
  }

  private static byte[] ascii(Object value) {
    return value.toString().getBytes(US_ASCII);
  }

  /** Whether the log entry at {@code a} came after that at {@code b}. */
  private static boolean isAfter(@Nullable String a, String b) {
    return a != null && LogPosition.parse(a).compareTo(LogPosition.parse(b)) > 0;
  }
}
