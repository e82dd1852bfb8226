package io.membrane.fragment.store;

import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bytes that the store may take in Redis: what is configured; otherwise four fifths of Redis' own
 * limit, since it needs room besides for the log and for what passes through; without a limit half
 * of its machine's memory. On a cluster as much as fits when each primary holds its slots' share.
 * Asked of Redis once.
 */
final class RedisCapacity implements LongSupplier {

  private static final Logger log = LoggerFactory.getLogger(RedisCapacity.class);
  private static final double OF_ITS_LIMIT = 0.8;
  private static final double OF_ITS_MACHINE = 0.5;

  private final RedisCalls redis;
  private volatile @Nullable Long known;

  RedisCapacity(RedisCalls redis, @Nullable Long configured) {
    this.redis = redis;
    this.known = configured;
  }

  @Override
  public long getAsLong() {
    Long capacity = known;
    if (capacity == null) {
      capacity = ask();
      known = capacity;
    }
    return capacity;
  }

  private long ask() {
    double capacity = Double.MAX_VALUE;
    boolean limited = true;
    for (RedisCalls.Primary primary : redis.primaries()) {
      String info = redis.call(primary, "info", commands -> commands.info("memory"));
      long limit = field(info, "maxmemory");
      double own =
          limit > 0 ? limit * OF_ITS_LIMIT : field(info, "total_system_memory") * OF_ITS_MACHINE;
      capacity = Math.min(capacity, own / primary.share());
      limited &= limit > 0;
    }
    log.info(
        "fragments may take {} bytes in Redis, by its {}; membrane.fragment.redis-capacity says otherwise",
        (long) capacity,
        limited ? "maxmemory" : "machine's memory");
    return (long) capacity;
  }

  private static long field(String info, String name) {
    return info.lines()
        .filter(line -> line.startsWith(name + ":"))
        .mapToLong(line -> Long.parseLong(line.substring(name.length() + 1).strip()))
        .findFirst()
        .orElse(0);
  }
}
