package io.membrane.scheduler.live;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.scheduler.redis.RedisCalls;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One Redis hash with a JSON document per field, which every replica reads and any may change. A
 * change is a compare-and-set of one field, so that two replicas never undo each other. Blocks;
 * thread-safe; throws a retriable {@link ErrorCode#DEPENDENCY_UNAVAILABLE} while Redis is gone.
 */
public final class SharedState {

  private static final String HASH = "membrane:scheduler:state";
  private static final int MAX_ATTEMPTS = 64;

  /** KEYS: the hash. ARGV: field, what it must hold ("" = nothing), what it shall hold. */
  private static final String REPLACE =
      """
      if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return {0} end
      redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
      return {1}\
      """;

  private final RedisCalls redis;

  /** The state in this Redis. */
  public SharedState(RedisCalls redis) {
    this.redis = redis;
  }

  /** Every field and its document. */
  Map<String, String> all() {
    return redis.call(c -> {
      Map<String, String> all = new HashMap<>();
      Map<byte[], byte[]> found = c.hashCommands().hGetAll(RedisCalls.bytes(HASH));
      if (found != null) {
        found.forEach((field, json) -> all.put(RedisCalls.text(field), RedisCalls.text(json)));
      }
      return all;
    });
  }

  /**
   * Changes a field: reads, applies, writes, and does so again while others come in between.
   *
   * @param change from what is there to what shall be; called once per attempt
   * @return what is there now
   * @throws MembraneException {@link ErrorCode#OVERLOADED} if others always came in between
   */
  <T> T update(String field, Class<T> type, Function<Optional<T>, T> change) {
    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      String before = get(field);
      T next = change.apply(Optional.ofNullable(before).map(json -> parse(json, type)));
      String after = WireJson.mapper().writeValueAsString(next);
      if (after.equals(before) || replace(field, before, after)) {
        return next;
      }
    }
    throw new MembraneException(
        ErrorCode.OVERLOADED,
        "'%s' is being changed by too many at once; send it again".formatted(field));
  }

  /** Forgets a field. */
  void remove(String field) {
    redis.call(c -> c.hashCommands().hDel(RedisCalls.bytes(HASH), RedisCalls.bytes(field)));
  }

  static <T> T parse(String json, Class<T> type) {
    return WireJson.mapper().readValue(json, type);
  }

  private @Nullable String get(String field) {
    byte[] json =
        redis.call(c -> c.hashCommands().hGet(RedisCalls.bytes(HASH), RedisCalls.bytes(field)));
    return json == null ? null : RedisCalls.text(json);
  }

  private boolean replace(String field, @Nullable String before, String after) {
    Object done =
        redis
            .script(
                REPLACE,
                HASH,
                RedisCalls.bytes(field),
                RedisCalls.bytes(Objects.requireNonNullElse(before, "")),
                RedisCalls.bytes(after))
            .getFirst();
    return Objects.equals(done, 1L);
  }
}
