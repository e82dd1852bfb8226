package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.lettuce.core.KeyScanCursor;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanCursor;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * Commands over the shared connection of Spring Data's Lettuce factory. They are Lettuce's own,
 * since Spring Data's know no payload outside of the heap.
 *
 * <p>Blocks until the answer is there, the command timeout or the request's deadline has passed.
 * Every failure is a {@link MembraneException}: {@link ErrorCode#STORAGE_FULL}, {@link
 * ErrorCode#DEADLINE_EXCEEDED} or {@link ErrorCode#DEPENDENCY_UNAVAILABLE}; after the last two a
 * write may or may not have happened. Thread-safe.
 */
final class RedisCalls {

  /** A command as it is sent. */
  interface Command<T extends @Nullable Object>
      extends Function<RedisClusterAsyncCommands<byte[], byte[]>, RedisFuture<T>> {}

  /** Longer than any command timeout that makes sense; the factory's own ends a command first. */
  private static final Duration LONGEST = Duration.ofMinutes(1);

  private final RedisConnectionFactory factory;
  private final MeterRegistry meters;
  private final Counter lost;

  RedisCalls(RedisConnectionFactory factory, MeterRegistry meters) {
    this.factory = factory;
    this.meters = meters;
    this.lost = meters.counter(FragmentMetric.UNLINKS_LOST.meter());
  }

  <T extends @Nullable Object> T call(String call, Command<T> command) {
    Timer.Sample sample = Timer.start(meters);
    String outcome = "error";
    try (RedisConnection connection = factory.getConnection()) {
      T answer = await(call, command.apply(lettuce(connection)));
      outcome = "ok";
      return answer;
    } catch (DataAccessException | RedisException e) {
      throw unavailable(e);
    } finally {
      sample.stop(
          Timer.builder(FragmentMetric.REDIS.meter())
              .tags("call", call, "outcome", outcome)
              .register(meters));
    }
  }

  /** Sends a command whose answer nobody waits for: the sweep does what it fails to do. */
  <T> void send(Command<T> command) {
    try (RedisConnection connection = factory.getConnection()) {
      var _ =
          command
              .apply(lettuce(connection))
              .whenComplete((answer, failure) -> {
                if (failure != null) {
                  lost.increment();
                }
              });
    } catch (DataAccessException | RedisException e) {
      lost.increment();
    }
  }

  /** Runs a script; values are {@code byte[]}, {@code Long}, {@code List} or null. */
  List<@Nullable Object> script(Script script, byte[]... arguments) {
    byte[][] keys = {RedisKeys.LOG};
    try {
      return this.<List<@Nullable Object>>call(
          script.call(),
          redis -> redis.evalsha(script.sha1(), ScriptOutputType.MULTI, keys, arguments));
    } catch (MembraneException e) {
      if (!(e.getCause() instanceof RedisNoScriptException)) {
        throw e;
      }
      return this.<List<@Nullable Object>>call(
          script.call(),
          redis -> redis.eval(script.source(), ScriptOutputType.MULTI, keys, arguments));
    }
  }

  /**
   * Visits the keys that match a glob, a page at a time: those that are there all the while, at
   * least once, and perhaps others.
   *
   * @param page keys that are looked at in one call, not those that match
   */
  void scan(String call, String glob, int page, Consumer<List<String>> visitor) {
    ScanArgs args = ScanArgs.Builder.limit(page).match(glob);
    ScanCursor at = ScanCursor.INITIAL;
    while (!at.isFinished()) {
      ScanCursor from = at;
      KeyScanCursor<byte[]> found = call(call, commands -> commands.scan(from, args));
      visitor.accept(found.getKeys().stream().map(key -> new String(key, UTF_8)).toList());
      at = found;
    }
  }

  @SuppressWarnings("unchecked") // Spring Data's Lettuce connections use byte[] for both
  private static RedisClusterAsyncCommands<byte[], byte[]> lettuce(RedisConnection connection) {
    return (RedisClusterAsyncCommands<byte[], byte[]>) connection.getNativeConnection();
  }

  private static <T extends @Nullable Object> T await(String call, RedisFuture<T> future) {
    try {
      Duration left = CallContext.currentOr(LONGEST).remaining();
      return future.get(left.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      future.cancel(true);
      throw new MembraneException(
          ErrorCode.DEADLINE_EXCEEDED,
          "the deadline passed while Redis was asked to " + call + "; allow more time",
          e);
    } catch (InterruptedException e) {
      future.cancel(true);
      Thread.currentThread().interrupt();
      throw unavailable(e);
    } catch (ExecutionException e) {
      throw translate(e.getCause() == null ? e : e.getCause());
    }
  }

  private static MembraneException translate(Throwable e) {
    if (e instanceof RedisCommandExecutionException
        && String.valueOf(e.getMessage()).contains("OOM command not allowed")) {
      return new MembraneException(
          ErrorCode.STORAGE_FULL,
          "Redis has no room; raise its maxmemory, or lower membrane.fragment.redis-capacity",
          e);
    }
    return unavailable(e);
  }

  private static MembraneException unavailable(Throwable e) {
    return new MembraneException(
        ErrorCode.DEPENDENCY_UNAVAILABLE, "Redis does not answer as it should; try again", e);
  }
}
