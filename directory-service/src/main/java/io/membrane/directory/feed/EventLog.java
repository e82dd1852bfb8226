package io.membrane.directory.feed;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.wire.LogEntry;
import io.membrane.wire.LogPosition;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import org.springframework.data.domain.Range;
import org.springframework.data.redis.connection.Limit;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.stream.ByteRecord;
import org.springframework.data.redis.connection.stream.ReadOffset;
import org.springframework.data.redis.connection.stream.StreamOffset;
import org.springframework.data.redis.connection.stream.StreamReadOptions;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.core.script.DefaultRedisScript;
import org.springframework.data.redis.core.script.RedisScript;

/**
 * The event log in Redis, {@link LogEntry#STREAM}. Thread-safe, its readers are not.
 *
 * <p>Every method blocks, at most for Redis's command timeout, and fails with {@link
 * ErrorCode#DEPENDENCY_UNAVAILABLE} while Redis does not answer.
 */
public final class EventLog {

  private static final byte[] STREAM = LogEntry.STREAM.getBytes(StandardCharsets.US_ASCII);
  private static final byte[] FIELD = LogEntry.FIELD.getBytes(StandardCharsets.US_ASCII);

  /** Whole or not at all, and nothing of another writer in between. */
  private static final RedisScript<String> APPEND_ALL =
      new DefaultRedisScript<>(
          """
          local id
          for i = 2, #ARGV do
            id = redis.call('XADD', KEYS[1], '*', ARGV[1], ARGV[i])
          end
          return id
          """,
          String.class);

  private final StringRedisTemplate redis;

  /** A log in the Redis that {@code connections} reach. */
  public EventLog(RedisConnectionFactory connections) {
    this.redis = new StringRedisTemplate(connections);
  }

  /**
   * Appends entries, all or none, next to each other.
   *
   * @param entries at least one
   * @return position of the last one
   */
  LogPosition append(List<LogEntry> entries) {
    Object[] arguments = new Object[entries.size() + 1];
    arguments[0] = LogEntry.FIELD;
    for (int i = 0; i < entries.size(); i++) {
      arguments[i + 1] = WireJson.mapper().writeValueAsString(entries.get(i));
    }
    return LogPosition.parse(
        answered(() ->
            Objects.requireNonNull(
                redis.execute(APPEND_ALL, List.of(LogEntry.STREAM), arguments))));
  }

  /** Position of the last entry, or null if the log is empty. */
  @Nullable LogPosition last() {
    List<ByteRecord> newest =
        answered(() ->
            Objects.requireNonNull(
                redis.execute((RedisConnection c) ->
                    c.streamCommands()
                        .xRevRange(STREAM, Range.unbounded(), Limit.limit().count(1)))));
    return newest.isEmpty() ? null : positionOf(newest.getFirst());
  }

  /** Drops the oldest entries past about {@code maxEntries}. */
  void trim(long maxEntries) {
    answered(() ->
        Objects.requireNonNull(
            redis.execute(
                (RedisConnection c) -> c.streamCommands().xTrim(STREAM, maxEntries, true))));
  }

  /** A reader with a connection of its own, since it may block it. */
  Reader open() {
    return new Reader(answered(() -> redis.getRequiredConnectionFactory().getConnection()));
  }

  /** Reads the log in order. For one thread. */
  static final class Reader implements AutoCloseable {

    private final RedisConnection connection;

    private Reader(RedisConnection connection) {
      this.connection = connection;
    }

    /**
     * The entries after a position; waits for the first if there is none yet.
     *
     * @param limit most entries
     * @param patience how long to wait, less than the command timeout
     */
    @SuppressWarnings("unchecked") // the varargs of xRead are generic
    List<Recorded> after(LogPosition position, int limit, Duration patience) {
      StreamReadOptions options = StreamReadOptions.empty().count(limit).block(patience);
      StreamOffset<byte[]> from = StreamOffset.create(STREAM, ReadOffset.from(position.toString()));
      List<ByteRecord> page =
          answered(() ->
              Objects.requireNonNullElse(
                  connection.streamCommands().xRead(options, from), List.of()));
      return page.stream().map(r -> new Recorded(positionOf(r), jsonOf(r))).toList();
    }

    /** Whether the log still holds the entry at this position. */
    boolean holds(LogPosition position) {
      Range<String> exactly = Range.just(position.toString());
      return !answered(() ->
              Objects.requireNonNull(
                  connection.streamCommands().xRange(STREAM, exactly, Limit.limit().count(1))))
          .isEmpty();
    }

    @Override
    public void close() {
      connection.close();
    }
  }

  private static LogPosition positionOf(ByteRecord entry) {
    return LogPosition.parse(entry.getId().getValue());
  }

  private static byte @Nullable [] jsonOf(ByteRecord entry) {
    for (Map.Entry<byte[], byte[]> field : entry.getValue().entrySet()) {
      if (Arrays.equals(field.getKey(), FIELD)) {
        return field.getValue();
      }
    }
    return null;
  }

  private static <T> T answered(Supplier<T> command) {
    try {
      return command.get();
    } catch (DataAccessException e) {
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE,
          "Redis, which holds the event log, does not answer; try again",
          e);
    }
  }
}
