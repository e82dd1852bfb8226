package io.membrane.gateway.limits;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.BucketExceptions.BucketExecutionException;
import io.lettuce.core.RedisException;
import io.membrane.gateway.identity.Refusal;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.time.Duration;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.core.StringRedisTemplate;

/** What is counted in Redis for all replicas together. Thread-safe. */
public final class SharedLimits implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SharedLimits.class);

  private final Buckets buckets;
  private final Leases leases;

  public SharedLimits(StringRedisTemplate redis) {
    this.buckets = new Buckets(redis.getRequiredConnectionFactory());
    this.leases = new Leases(redis);
  }

  /** What stands in a request's way, and for how long at least. */
  record Obstacle(Refusal refusal, Duration atLeast, MembraneException problem) {}

  @Override
  public void close() {
    leases.close();
  }

  /** Looks at debts and takes a request's token; null if nothing is in the way. */
  @Nullable Obstacle enter(String tenant, TenantLimits limits) {
    if (limits.bytesInPerSecond().toBytes() > 0) {
      long nanos = inRedis(() -> debt(buckets.bytesIn(tenant, limits)));
      if (nanos > 0) {
        return obstacle(Refusal.BYTES_IN, nanos, "more bytes came in than its limit lets");
      }
    }
    if (limits.bytesOutPerSecond().toBytes() > 0) {
      long nanos = inRedis(() -> debt(buckets.bytesOut(tenant, limits)));
      if (nanos > 0) {
        return obstacle(Refusal.BYTES_OUT, nanos, "more bytes went out than its limit lets");
      }
    }
    if (limits.requestsPerSecond() > 0) {
      long nanos =
          inRedis(() ->
              buckets
                  .requests(tenant, limits)
                  .tryConsumeAndReturnRemaining(1)
                  .getNanosToWaitForRefill());
      if (nanos > 0) {
        return obstacle(
            Refusal.RATE,
            nanos,
            "it has had its " + limits.requestsPerSecond() + " requests per second");
      }
    }
    return null;
  }

  /** A lease for a request under way; null if there are enough. */
  @Nullable String lease(String tenant, int most) {
    return inRedis(() -> leases.take(tenant, most));
  }

  void giveBack(String lease) {
    leases.giveBack(lease);
  }

  LongConsumer bytesIn(String tenant, TenantLimits limits) {
    return charge(buckets.bytesIn(tenant, limits));
  }

  LongConsumer bytesOut(String tenant, TenantLimits limits) {
    return charge(buckets.bytesOut(tenant, limits));
  }

  static Obstacle enough(int concurrency) {
    return obstacle(
        Refusal.CONCURRENCY, 1, "it has " + concurrency + " requests under way, as many as it may");
  }

  /** What has gone through is charged, whatever the bucket holds: a stream is never held up. */
  private static LongConsumer charge(Bucket bucket) {
    return bytes -> {
      try {
        inRedis(() -> bucket.consumeIgnoringRateLimits(bytes));
      } catch (MembraneException e) {
        log.debug("{} bytes are not charged", bytes, e);
      }
    };
  }

  private static long debt(Bucket bucket) {
    return bucket.estimateAbilityToConsume(1).getNanosToWaitForRefill();
  }

  private static Obstacle obstacle(Refusal refusal, long nanos, String what) {
    return new Obstacle(
        refusal,
        Duration.ofNanos(nanos),
        new MembraneException(ErrorCode.OVERLOADED, "the tenant must wait: " + what));
  }

  private static <T extends @Nullable Object> T inRedis(Supplier<T> call) {
    try {
      return call.get();
    } catch (DataAccessException | RedisException | BucketExecutionException e) {
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE,
          "limits cannot be looked up now: Redis does not answer; try again",
          e);
    }
  }
}
