package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.lettuce.core.KeyScanCursor;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanCursor;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.cluster.api.async.RedisAdvancedClusterAsyncCommands;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * Commands over the shared connection of Spring Data's Lettuce factory. They are Lettuce's own,
 * since Spring Data's know no payload outside of the heap.
 *
 * <p>Blocks until the answer is there, the command timeout or the request's deadline has passed.
 * Every failure is a {@link MembraneException}, see {@link RedisFailure}: {@link
 * ErrorCode#STORAGE_FULL}, {@link ErrorCode#DEADLINE_EXCEEDED} or {@link
 * ErrorCode#DEPENDENCY_UNAVAILABLE}; after the last two a write may or may not have happened.
 * Thread-safe.
 */
final class RedisCalls {

  /** A command as it is sent. */
  interface Command<T extends @Nullable Object>
      extends Function<RedisClusterAsyncCommands<byte[], byte[]>, RedisFuture<T>> {}

  /**
   * A server that holds keys.
   *
   * @param id its name in a cluster; empty if it stands alone
   * @param share part of the keys that it holds
   */
  record Primary(String id, double share) {}

  private record Series(String call, String outcome) {}

  /** Longer than any command timeout that makes sense; the factory's own ends a command first. */
  private static final Duration LONGEST = Duration.ofMinutes(1);

  private final RedisConnectionFactory factory;
  private final MeterRegistry meters;
  private final Map<Series, Timer> timers = new ConcurrentHashMap<>();
  private final Counter lost;

  RedisCalls(RedisConnectionFactory factory, MeterRegistry meters) {
    this.factory = factory;
    this.meters = meters;
    this.lost = meters.counter(FragmentMetric.UNLINKS_LOST.meter());
  }

  <T extends @Nullable Object> T call(String call, Command<T> command) {
    return begin(call, command).await();
  }

  /** Sends a command whose answer is waited for later, once. */
  <T extends @Nullable Object> Sent<T> begin(String call, Command<T> command) {
    Timer.Sample sample = Timer.start(meters);
    try (RedisConnection connection = factory.getConnection()) {
      return new Sent<>(call, sample, command.apply(lettuce(connection)));
    } catch (DataAccessException | RedisException e) {
      throw failed(call, sample, RedisFailure.of(e), e);
    }
  }

  /** A command that was sent; times how long its answer takes. */
  final class Sent<T extends @Nullable Object> {

    private final String call;
    private final Timer.Sample sample;
    private final RedisFuture<T> future;

    private Sent(String call, Timer.Sample sample, RedisFuture<T> future) {
      this.call = call;
      this.sample = sample;
      this.future = future;
    }

    T await() {
      try {
        T answer = RedisCalls.await(future);
        stop(call, sample, "ok");
        return answer;
      } catch (TimeoutException e) {
        throw failed(call, sample, RedisFailure.DEADLINE, e);
      } catch (ExecutionException | InterruptedException | RedisException e) {
        Throwable cause =
            e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
        throw failed(call, sample, RedisFailure.of(cause), cause);
      }
    }
  }

  private MembraneException failed(
      String call, Timer.Sample sample, RedisFailure failure, Throwable cause) {
    stop(call, sample, failure.tag());
    return failure.because(cause);
  }

  private void stop(String call, Timer.Sample sample, String outcome) {
    sample.stop(timers.computeIfAbsent(new Series(call, outcome), this::timer));
  }

  private Timer timer(Series series) {
    return Timer.builder(FragmentMetric.REDIS.meter())
        .tags("call", series.call(), "outcome", series.outcome())
        .register(meters);
  }

  /** All servers that hold keys, as the client knows them: one at least. */
  List<Primary> primaries() {
    try (RedisConnection connection = factory.getConnection()) {
      if (!(lettuce(connection)
          instanceof RedisAdvancedClusterAsyncCommands<byte[], byte[]> cluster)) {
        return List.of(new Primary("", 1));
      }
      // One whose replica has taken over is a primary still, without slots.
      var holding =
          cluster.nodes(
              node -> node.is(RedisClusterNode.NodeFlag.UPSTREAM) && !node.getSlots().isEmpty());
      if (holding.size() == 0) {
        throw RedisFailure.CLUSTERDOWN.because(new RedisException("no node holds slots"));
      }
      return IntStream.range(0, holding.size())
          .mapToObj(holding::node)
          .map(RedisCalls::primary)
          .toList();
    } catch (DataAccessException e) {
      throw RedisFailure.of(e).because(e);
    }
  }

  /** Whether commands over the shared connection run in the order in which they were sent. */
  boolean isOneServer() {
    try (RedisConnection connection = factory.getConnection()) {
      return !(lettuce(connection) instanceof RedisAdvancedClusterAsyncCommands);
    } catch (DataAccessException e) {
      throw RedisFailure.of(e).because(e);
    }
  }

  private static Primary primary(RedisClusterNode node) {
    return new Primary(node.getNodeId(), node.getSlots().size() / (double) SlotHash.SLOT_COUNT);
  }

  /** As {@link #call(String, Command)}, to one server of those that hold keys. */
  <T extends @Nullable Object> T call(Primary primary, String call, Command<T> command) {
    return this.<T>call(
        call,
        commands ->
            command.apply(
                commands instanceof RedisAdvancedClusterAsyncCommands<byte[], byte[]> cluster
                    ? cluster.getConnection(primary.id())
                    : commands));
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
    for (Primary primary : primaries()) {
      ScanCursor at = ScanCursor.INITIAL;
      while (!at.isFinished()) {
        ScanCursor from = at;
        KeyScanCursor<byte[]> found = call(primary, call, commands -> commands.scan(from, args));
        visitor.accept(found.getKeys().stream().map(key -> new String(key, UTF_8)).toList());
        at = found;
      }
    }
  }

  @SuppressWarnings("unchecked") // Spring Data's Lettuce connections use byte[] for both
  private static RedisClusterAsyncCommands<byte[], byte[]> lettuce(RedisConnection connection) {
    return (RedisClusterAsyncCommands<byte[], byte[]>) connection.getNativeConnection();
  }

  private static <T extends @Nullable Object> T await(RedisFuture<T> future)
      throws ExecutionException, TimeoutException, InterruptedException {
    try {
      Duration left = CallContext.currentOr(LONGEST).remaining();
      return future.get(left.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      future.cancel(true);
      throw e;
    } catch (InterruptedException e) {
      future.cancel(true);
      Thread.currentThread().interrupt();
      throw e;
    }
  }
}
