package io.membrane.gateway.limits;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.core.script.DefaultRedisScript;
import org.springframework.data.redis.core.script.RedisScript;

/**
 * Requests under way, over all replicas: a sorted set for each tenant, scored by when each lease
 * ends. A replica renews those that it holds; what one that died held ends by itself after {@link
 * #LIFE}. Thread-safe.
 */
final class Leases implements AutoCloseable {

  static final Duration LIFE = Duration.ofSeconds(30);
  private static final Duration RENEWED_EVERY = Duration.ofSeconds(10);

  private static final Logger log = LoggerFactory.getLogger(Leases.class);

  /** By Redis' own clock. KEYS: the set. ARGV: lease, most leases (-1 renews), life in ms. */
  private static final RedisScript<Long> TAKE =
      script(
          """
          local time = redis.call('TIME')
          local now = time[1] * 1000 + math.floor(time[2] / 1000)
          local most = tonumber(ARGV[2])
          redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
          if most >= 0 and redis.call('ZCARD', KEYS[1]) >= most then
            return 0
          end
          redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
          redis.call('PEXPIRE', KEYS[1], ARGV[3])
          return 1
          """);

  private static final int RENEWAL = -1;

  private final StringRedisTemplate redis;
  private final Map<String, Lease> held = new ConcurrentHashMap<>();
  private final ScheduledThreadPoolExecutor renewal =
      new ScheduledThreadPoolExecutor(
          1, Thread.ofPlatform().daemon().name("gateway-leases").factory());

  Leases(StringRedisTemplate redis) {
    this.redis = redis;
    long period = RENEWED_EVERY.toMillis();
    var _ = renewal.scheduleWithFixedDelay(this::renew, period, period, TimeUnit.MILLISECONDS);
  }

  private record Lease(String key, String id) {}

  /**
   * Takes a lease, if there are fewer than {@code most}.
   *
   * @return its id, or null
   */
  @Nullable String take(String tenant, int most) {
    Lease lease =
        new Lease("membrane:gateway:limits:" + tenant + ":running", UUID.randomUUID().toString());
    try {
      if (!run(lease, most)) {
        return null;
      }
    } catch (DataAccessException e) {
      // Redis may take it yet, once it answers again.
      Thread.ofVirtual().name("gateway-lease").start(() -> remove(lease));
      throw e;
    }
    held.put(lease.id(), lease);
    return lease.id();
  }

  /** Gives it back; if Redis is away it ends by itself. */
  void giveBack(String id) {
    Lease lease = held.remove(id);
    if (lease != null) {
      remove(lease);
    }
  }

  private void remove(Lease lease) {
    try {
      redis.opsForZSet().remove(lease.key(), lease.id());
    } catch (DataAccessException e) {
      log.debug("a lease is left to end by itself", e);
    }
  }

  @Override
  public void close() {
    renewal.shutdownNow();
  }

  private void renew() {
    try {
      for (Lease lease : held.values()) {
        run(lease, RENEWAL);
        if (!held.containsKey(lease.id())) {
          redis.opsForZSet().remove(lease.key(), lease.id());
        }
      }
    } catch (DataAccessException e) {
      log.warn("leases of requests cannot be renewed: {}", e.getMessage());
    }
  }

  private boolean run(Lease lease, int most) {
    Long taken =
        redis.execute(
            TAKE,
            List.of(lease.key()),
            lease.id(),
            Integer.toString(most),
            Long.toString(LIFE.toMillis()));
    return taken != null && taken == 1;
  }

  private static RedisScript<Long> script(String text) {
    DefaultRedisScript<Long> script = new DefaultRedisScript<>();
    script.setScriptText(text);
    script.setResultType(Long.class);
    return script;
  }
}
