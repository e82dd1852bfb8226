package io.membrane.reconstruction.flight;

import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.membrane.block.BlockHash;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.core.StringRedisTemplate;

/**
 * Leases in Redis, {@code membrane:computing:<last block hash>}, for all replicas. The hash of a
 * prompt's last full block stands for all its full blocks, their namespace and the sharing domain:
 * callers meet where they share. Those that wait keep {@code membrane:awaited:<last block hash>}
 * alive, which tells a holder whose own caller has left whether to go on. Redis that hangs costs a
 * few calls its command timeout; then it is left alone for {@link #LEFT_ALONE}. Thread-safe.
 */
public final class Leases {

  private static final Logger log = LoggerFactory.getLogger(Leases.class);

  private static final Duration LEFT_ALONE = Duration.ofSeconds(2);
  private static final int WINDOW = 4;

  /** How long latecomers are told where in the log the result is. */
  private static final Duration DONE_KEPT = Duration.ofSeconds(10);

  private static final Duration UNBOUNDED = Duration.ofHours(1);
  private static final long FIRST_LOOK_MS = 5;
  private static final long LONGEST_LOOK_MS = 100;
  private static final int RENEWALS = 3;

  /** For how long one that waits is known to; it says so again three times meanwhile. */
  private static final Duration AWAITED = Duration.ofSeconds(1);

  private static final long AWAITED_AGAIN_NANOS = AWAITED.toNanos() / 3;

  private static final String HELD = "held:";
  private static final String DONE = "done:";
  private static final String GRANTED = "ok:";

  private final StringRedisTemplate redis;
  private final Duration lasting;
  private final CircuitBreaker breaker =
      CircuitBreaker.of(
          "leases",
          CircuitBreakerConfig.custom()
              .slidingWindowSize(WINDOW)
              .minimumNumberOfCalls(2)
              .waitDurationInOpenState(LEFT_ALONE)
              .permittedNumberOfCallsInHalfOpenState(1)
              .recordException(DataAccessException.class::isInstance)
              .build());

  /**
   * @param lasting after which a lease that is not renewed ends
   */
  public Leases(StringRedisTemplate redis, Duration lasting) {
    this.redis = redis;
    this.lasting = lasting;
  }

  /** Tries to become the one that computes the prompt whose last full block is {@code block}. */
  public Claim claim(BlockHash block) {
    String key = key(block);
    String token = HELD + UUID.randomUUID();
    try {
      String answer =
          guarded(() -> redis.execute(LeaseScripts.CLAIM, List.of(key), token, millis(lasting)));
      if (answer == null || !answer.startsWith(GRANTED)) {
        return new Claim.Busy();
      }
      Lease lease =
          new Lease(this, block, key, token, position(answer.substring(GRANTED.length())));
      lease.renewEvery(lasting.toMillis() / RENEWALS);
      return new Claim.Granted(lease);
    } catch (DataAccessException | CallNotPermittedException e) {
      return new Claim.Unknown(e);
    }
  }

  /**
   * Waits until nobody holds the lease, or Redis cannot be asked; the thread's {@code CallContext}
   * bounds it. Meanwhile the holder's work {@linkplain Lease#isAwaited() is awaited}.
   *
   * @return log position of what the holder stored; null if nobody says
   * @throws MembraneException {@link ErrorCode#DEADLINE_EXCEEDED} once the deadline has passed,
   *     {@link ErrorCode#CANCELLED} once the caller has left
   */
  public @Nullable String awaitEnd(BlockHash block) {
    String key = key(block);
    long look = FIRST_LOOK_MS;
    long said = System.nanoTime() - AWAITED_AGAIN_NANOS;
    while (true) {
      CallContext.checkDeadline("the wait for the same prompt, which another call computes");
      String value;
      try {
        if (System.nanoTime() - said >= AWAITED_AGAIN_NANOS) {
          said = System.nanoTime();
          sayAwaited(block);
        }
        value = guarded(() -> redis.opsForValue().get(key));
      } catch (DataAccessException | CallNotPermittedException e) {
        return null;
      }
      if (value == null || !value.startsWith(HELD)) {
        return position(value);
      }
      pause(look);
      look = Math.min(LONGEST_LOOK_MS, look * 2);
    }
  }

  private void sayAwaited(BlockHash block) {
    guarded(() -> {
      redis.opsForValue().set(awaited(block), "", AWAITED);
      return true;
    });
  }

  /** Whether somebody has waited within {@link #AWAITED}; no where Redis does not say. */
  boolean isAwaited(BlockHash block) {
    try {
      return guarded(() -> redis.hasKey(awaited(block)));
    } catch (DataAccessException | CallNotPermittedException e) {
      return false;
    }
  }

  /** Whether it is still held. */
  boolean renew(String key, String token) {
    try {
      Long held =
          guarded(() -> redis.execute(LeaseScripts.RENEW, List.of(key), token, millis(lasting)));
      return held != null && held == 1;
    } catch (DataAccessException | CallNotPermittedException e) {
      log.warn("the lease {} was not renewed: {}", key, e.getMessage());
      return true;
    }
  }

  /** A lease that Redis does not hear the end of ends by itself. */
  void release(String key, String token, @Nullable String position) {
    String done = position == null ? "" : DONE + position;
    try {
      guarded(
          () -> redis.execute(LeaseScripts.RELEASE, List.of(key), token, done, millis(DONE_KEPT)));
    } catch (DataAccessException | CallNotPermittedException e) {
      log.warn("the lease {} was not released and ends by itself: {}", key, e.getMessage());
    }
  }

  private static void pause(long millis) {
    long left = CallContext.currentOr(UNBOUNDED).remaining().toMillis();
    try {
      Thread.sleep(Math.clamp(left, 1, millis));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE, "the service is going down; try again", e);
    }
  }

  private <T extends @Nullable Object> T guarded(Supplier<T> command) {
    return breaker.executeSupplier(command);
  }

  private static @Nullable String position(@Nullable String value) {
    return value != null && value.startsWith(DONE) ? value.substring(DONE.length()) : null;
  }

  private static String millis(Duration time) {
    return Long.toString(time.toMillis());
  }

  private static String awaited(BlockHash block) {
    return "membrane:awaited:" + block;
  }

  private static String key(BlockHash block) {
    return "membrane:computing:" + block;
  }
}
