package io.membrane.fragment.store;

import io.lettuce.core.cluster.api.async.RedisAdvancedClusterAsyncCommands;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bytes that the store may take in Redis: what is configured; otherwise four fifths of Redis' own
 * limit, since it needs room besides for the log and for what passes through; without a limit half
 * of its machine's memory. On a cluster times its primaries. Asked of Redis once.
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
    int[] primaries = {1};
    String info =
        redis.call(
            "info",
            commands -> {
              primaries[0] = primaries(commands);
              return commands.info("memory");
            });
    long limit = field(info, "maxmemory");
    double each =
        limit > 0 ? limit * OF_ITS_LIMIT : field(info, "total_system_memory") * OF_ITS_MACHINE;
    long capacity = (long) (each * primaries[0]);
    log.info(
        "fragments may take {} bytes in Redis, by its {}; membrane.fragment.redis-capacity says otherwise",
        capacity,
        limit > 0 ? "maxmemory" : "machine's memory");
    return capacity;
  }

  private static int primaries(RedisClusterAsyncCommands<byte[], byte[]> commands) {
    return commands instanceof RedisAdvancedClusterAsyncCommands<byte[], byte[]> cluster
        ? cluster.upstream().size()
        : 1;
  }

  private static long field(String info, String name) {
    return info.lines()
        .filter(line -> line.startsWith(name + ":"))
        .mapToLong(line -> Long.parseLong(line.substring(name.length() + 1).strip()))
        .findFirst()
        .orElse(0);
  }
}
