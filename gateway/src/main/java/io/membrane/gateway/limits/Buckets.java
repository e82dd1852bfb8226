package io.membrane.gateway.limits;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.distributed.ExpirationAfterWriteStrategy;
import io.github.bucket4j.distributed.proxy.ProxyManager;
import io.github.bucket4j.redis.lettuce.Bucket4jLettuce.LettuceBasedProxyManagerBuilder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * Token buckets of tenants, one of each kind for all replicas. Their keys name their size, so that
 * a changed limit begins with a full bucket; what is full again is forgotten by Redis. Thread-safe.
 */
final class Buckets {

  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final Duration KEPT_WHEN_FULL = Duration.ofSeconds(10);
  private static final int MOST = 10_000;

  private final ProxyManager<byte[]> redis;
  private final Cache<Size, Bucket> buckets = Caffeine.newBuilder().maximumSize(MOST).build();

  Buckets(RedisConnectionFactory connections) {
    this.redis =
        new LettuceBasedProxyManagerBuilder<>(new SharedConnection<byte[]>(connections))
            .requestTimeout(PATIENCE)
            .expirationAfterWrite(
                ExpirationAfterWriteStrategy.basedOnTimeForRefillingBucketUpToMax(KEPT_WHEN_FULL))
            .build();
  }

  private record Size(String tenant, String kind, long depth, long perSecond) {

    byte[] key() {
      return "membrane:gateway:limits:%s:%s:%d:%d"
          .formatted(tenant, kind, depth, perSecond)
          .getBytes(StandardCharsets.US_ASCII);
    }
  }

  Bucket requests(String tenant, TenantLimits limits) {
    return bucket(new Size(tenant, "requests", limits.depth(), limits.requestsPerSecond()));
  }

  Bucket bytesIn(String tenant, TenantLimits limits) {
    long rate = limits.bytesInPerSecond().toBytes();
    return bucket(new Size(tenant, "in", rate, rate));
  }

  Bucket bytesOut(String tenant, TenantLimits limits) {
    long rate = limits.bytesOutPerSecond().toBytes();
    return bucket(new Size(tenant, "out", rate, rate));
  }

  private Bucket bucket(Size size) {
    return Objects.requireNonNull(buckets.get(size, this::made));
  }

  private Bucket made(Size size) {
    BucketConfiguration configuration = configuration(size);
    return redis.builder().build(size.key(), () -> configuration);
  }

  private static BucketConfiguration configuration(Size size) {
    return BucketConfiguration.builder()
        .addLimit(limit ->
            limit.capacity(size.depth()).refillGreedy(size.perSecond(), Duration.ofSeconds(1)))
        .build();
  }
}
