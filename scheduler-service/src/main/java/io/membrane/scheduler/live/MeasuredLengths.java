package io.membrane.scheduler.live;

import io.membrane.rpc.MembraneException;
import io.membrane.scheduler.redis.RedisCalls;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Uncached lengths of the prompts that all replicas routed in the last hour, as a histogram in
 * Redis: one hash per five minutes, lengths rounded up to {@value #ROUNDING} tokens. A replica
 * counts in memory and adds to Redis now and then; what it could not add it adds later.
 * Thread-safe.
 */
public final class MeasuredLengths {

  static final int ROUNDING = 32;

  private static final Duration SLOT = Duration.ofMinutes(5);
  private static final int SLOTS = 12;
  private static final String KEY = "membrane:scheduler:lengths:";

  private final RedisCalls redis;
  private final Clock clock;
  private final Map<Integer, LongAdder> counted = new ConcurrentHashMap<>();

  /** The histogram in this Redis. */
  public MeasuredLengths(RedisCalls redis, Clock clock) {
    this.redis = redis;
    this.clock = clock;
  }

  /**
   * Counts a prompt.
   *
   * @param tokens its length less what the cache holds that the length rule counted
   */
  public void add(int tokens) {
    int rounded = Math.max(1, Math.ceilDiv(tokens, ROUNDING)) * ROUNDING;
    counted.computeIfAbsent(rounded, length -> new LongAdder()).increment();
  }

  /** Adds what was counted to Redis. */
  public void flush() {
    Map<Integer, Long> taken = new HashMap<>();
    for (Map.Entry<Integer, LongAdder> e : counted.entrySet()) {
      long n = e.getValue().sumThenReset();
      if (n > 0) {
        taken.put(e.getKey(), n);
      }
    }
    if (taken.isEmpty()) {
      return;
    }
    byte[] key = RedisCalls.bytes(KEY + slot());
    try {
      redis.call(c -> {
        taken.forEach((length, n) ->
            c.hashCommands().hIncrBy(key, RedisCalls.bytes(Integer.toString(length)), n));
        return c.keyCommands().expire(key, SLOT.multipliedBy(SLOTS + 1L).toSeconds());
      });
    } catch (MembraneException e) {
      taken.forEach((length, n) -> counted.computeIfAbsent(length, l -> new LongAdder()).add(n));
      throw e;
    }
  }

  /** Requests by length, of the last hour. */
  Map<Integer, Double> lastHour() {
    long now = slot();
    Map<Integer, Double> weights = new HashMap<>();
    for (long slot = now - SLOTS + 1; slot <= now; slot++) {
      byte[] key = RedisCalls.bytes(KEY + slot);
      Map<byte[], byte[]> found = redis.call(c -> c.hashCommands().hGetAll(key));
      if (found != null) {
        found.forEach((length, n) ->
            weights.merge(
                Integer.parseInt(RedisCalls.text(length)),
                Double.parseDouble(RedisCalls.text(n)),
                Double::sum));
      }
    }
    return weights;
  }

  private long slot() {
    return clock.millis() / SLOT.toMillis();
  }
}
