package io.membrane.reconstruction.explain;

import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.core.StringRedisTemplate;

/**
 * Explanations in Redis, {@code membrane:explanation:<tenant>:<context id>}, for all replicas. A
 * Redis that hangs costs a few calls its command timeout; then it is left alone for {@link
 * #LEFT_ALONE}. The size of one is bounded by the longest prompt. Thread-safe.
 */
public final class Explanations {

  private static final Duration LEFT_ALONE = Duration.ofSeconds(2);
  private static final int WINDOW = 4;

  private final StringRedisTemplate redis;
  private final Duration ttl;
  private final CircuitBreaker breaker =
      CircuitBreaker.of(
          "explanations",
          CircuitBreakerConfig.custom()
              .slidingWindowSize(WINDOW)
              .minimumNumberOfCalls(2)
              .waitDurationInOpenState(LEFT_ALONE)
              .permittedNumberOfCallsInHalfOpenState(1)
              .build());

  public Explanations(StringRedisTemplate redis, Duration ttl) {
    this.redis = redis;
    this.ttl = ttl;
  }

  /**
   * Keeps one for the configured time.
   *
   * @throws MembraneException {@link ErrorCode#DEPENDENCY_UNAVAILABLE} if Redis does not take it
   */
  public void keep(String tenant, Kept kept) {
    String json = WireJson.mapper().writeValueAsString(kept);
    String key = key(tenant, kept.response().contextId());
    guarded(() -> {
      redis.opsForValue().set(key, json, ttl);
      return key;
    });
  }

  /**
   * What was kept for this tenant.
   *
   * @throws MembraneException {@link ErrorCode#NOT_FOUND} if there is none, {@link
   *     ErrorCode#DEPENDENCY_UNAVAILABLE} if Redis does not answer
   */
  public Explanation find(String tenant, String contextId) {
    String json = guarded(() -> redis.opsForValue().get(key(tenant, contextId)));
    if (json == null) {
      throw new MembraneException(
          ErrorCode.NOT_FOUND,
          "no explanation under this context id; they are kept for " + ttl.toSeconds() + " s");
    }
    return WireJson.mapper().readValue(json, Kept.class).explain();
  }

  private <T extends @Nullable Object> T guarded(Supplier<T> command) {
    try {
      return breaker.executeSupplier(command);
    } catch (DataAccessException | CallNotPermittedException e) {
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE, "Redis, which keeps explanations, is not there", e);
    }
  }

  private static String key(String tenant, String contextId) {
    return "membrane:explanation:" + tenant + ":" + contextId;
  }
}
