package io.membrane.fragment;

import io.membrane.boot.StartupProblem;
import io.membrane.fragment.compression.Compression;
import io.membrane.tenancy.Sharing;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Configuration of the store.
 *
 * @param node name in the event log; replicas that share a Redis share it
 * @param cluster cluster in the event log
 * @param defaultTtl life of a fragment that names none, at least 1 s
 * @param maxBytes largest fragment, 1 byte to 512 MB (what a Redis string holds)
 * @param memory payload bytes that are kept in this process' memory, outside of the heap; 0: none
 * @param maxInFlight payload bytes that pass through memory at a time, beside that and outside of
 *     the heap; at least {@code maxBytes}
 * @param maxWait longest wait for room in flight before a call is refused
 * @param writeBehind bytes that may be acknowledged before Redis has them, for callers that prefer
 *     it; 0: none
 * @param redisCapacity bytes that everything may take in Redis; absent: as {@code RedisCapacity}
 *     finds
 * @param compression how bodies are written to Redis; the same for all replicas. With {@code zstd}
 *     there are {@code maxBytes} more of memory for forms on their way to Redis, and {@code
 *     maxInFlight} is at least twice {@code maxBytes}, for a payload that is read and its form
 * @param sharing who sees what a tenant without a policy stores: the tenant alone, or everybody;
 *     the same as {@code membrane.directory.sharing}
 * @param traceLeaks whether every lease of memory records its stack: to search, not for production
 * @param logLength entries that the event log keeps, at least, unless the directory's limit in
 *     bytes is reached first
 * @param sweepEvery how long the replica that leads rests between two sweeps, 1 s to 1 d
 */
@ConfigurationProperties("membrane.fragment")
record FragmentProperties(
    @DefaultValue("redis") String node,
    @DefaultValue("local") String cluster,
    @DefaultValue("24h") Duration defaultTtl,
    @DefaultValue("64MB") DataSize maxBytes,
    @DefaultValue("256MB") DataSize memory,
    @DefaultValue("128MB") DataSize maxInFlight,
    @DefaultValue("2s") Duration maxWait,
    @DefaultValue("0B") DataSize writeBehind,
    @Nullable DataSize redisCapacity,
    @DefaultValue("none") Compression compression,
    @DefaultValue("isolated") Sharing sharing,
    @DefaultValue("false") boolean traceLeaks,
    @DefaultValue("500000") long logLength,
    @DefaultValue("10m") Duration sweepEvery) {

  private static final int MAX_NAME = 256;
  private static final Duration MAX_TTL = Duration.ofDays(3650);
  private static final DataSize REDIS_STRING = DataSize.ofMegabytes(512);
  private static final DataSize MAX_MEMORY = DataSize.ofTerabytes(4);
  private static final DataSize MAX_IN_FLIGHT = DataSize.ofGigabytes(256);

  FragmentProperties {
    require(isName(node), "node", "a name of 1 to " + MAX_NAME + " characters, e.g. redis");
    require(isName(cluster), "cluster", "a name of 1 to " + MAX_NAME + " characters, e.g. local");
    require(
        defaultTtl.compareTo(Duration.ofSeconds(1)) >= 0 && defaultTtl.compareTo(MAX_TTL) <= 0,
        "default-ttl",
        "1s to 3650d, e.g. 24h");
    require(
        maxBytes.toBytes() >= 1 && maxBytes.compareTo(REDIS_STRING) <= 0,
        "max-bytes",
        "1B to 512MB, e.g. 64MB");
    require(
        maxInFlight.compareTo(maxBytes) >= 0
            && maxInFlight.toBytes() >= 1024
            && maxInFlight.compareTo(MAX_IN_FLIGHT) <= 0,
        "max-in-flight",
        "at least membrane.fragment.max-bytes (" + maxBytes + ") and at most 256GB, e.g. 128MB");
    require(
        !memory.isNegative() && memory.compareTo(MAX_MEMORY) <= 0,
        "memory",
        "0B to 4TB, e.g. 256MB");
    require(
        !writeBehind.isNegative() && writeBehind.toBytes() <= maxInFlight.toBytes() / 2,
        "write-behind",
        "0B to half of membrane.fragment.max-in-flight (" + maxInFlight + "), e.g. 32MB");
    require(
        redisCapacity == null || redisCapacity.toBytes() >= 1 << 20,
        "redis-capacity",
        "at least 1MB, e.g. 8GB");
    require(
        compression == Compression.NONE || maxInFlight.toBytes() / 2 >= maxBytes.toBytes(),
        "max-in-flight",
        "at least twice membrane.fragment.max-bytes (" + maxBytes + ") with compression");
    require(
        sharing != Sharing.GROUP,
        "sharing",
        "isolated or public; a group is named by a tenant's policy");
    require(
        maxWait.isPositive() && maxWait.compareTo(Duration.ofMinutes(1)) <= 0,
        "max-wait",
        "more than 0 and at most 1m, e.g. 2s");
    require(logLength >= 1, "log-length", "at least 1, e.g. 500000");
    require(
        sweepEvery.compareTo(Duration.ofSeconds(1)) >= 0
            && sweepEvery.compareTo(Duration.ofDays(1)) <= 0,
        "sweep-every",
        "1s to 1d, e.g. 10m");
  }

  private static boolean isName(String name) {
    return !name.isBlank() && name.length() <= MAX_NAME;
  }

  private static void require(boolean holds, String property, String wanted) {
    if (!holds) {
      throw new StartupProblem(
          "membrane.fragment." + property + " is out of range",
          "Set membrane.fragment." + property + " to " + wanted + ".");
    }
  }
}
