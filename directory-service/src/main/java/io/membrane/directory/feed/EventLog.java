package io.membrane.directory.feed;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.membrane.directory.location.ChangeBatch;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.wire.LogEntry;
import io.membrane.wire.LogPosition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.stream.ReadOffset;
import org.springframework.data.redis.connection.stream.StreamOffset;
import org.springframework.data.redis.connection.stream.StreamReadOptions;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.core.script.DefaultRedisScript;
import org.springframework.data.redis.core.script.RedisScript;
import org.springframework.data.redis.serializer.RedisSerializer;

/**
 * The event log in Redis, {@link LogEntry#STREAM}, and beside it a hash that goes where the log
 * goes: a name for the log's life, made up by whoever finds none, and the first entry that any
 * reader saw. Thread-safe, its readers are not.
 *
 * <p>Every method blocks, at most for Redis's command timeout, and fails with {@link
 * ErrorCode#DEPENDENCY_UNAVAILABLE} while Redis does not answer.
 */
public final class EventLog {

  /** A page ends with the step that takes it past so many entries. */
  private static final int PAGE_ENTRIES = 1000;

  /** A page ends with the entry that takes it past so many bytes. */
  private static final int PAGE_BYTES = 4 << 20;

  private static final byte[] STREAM = LogEntry.STREAM.getBytes(US_ASCII);
  private static final String LIFE = LogEntry.STREAM + ":life";

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

  /** A script, since the entry itself may be a megabyte. */
  private static final RedisScript<String> LAST =
      new DefaultRedisScript<>(
          """
          local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
          return last and last[1]
          """,
          String.class);

  private static final RedisScript<Long> TRIM =
      new DefaultRedisScript<>(
          "return redis.call('XTRIM', KEYS[1], 'MINID', '~', ARGV[1])", Long.class);

  /**
   * A page and the state of the log at one moment. ARGV: position, life if there is none yet, most
   * entries, most bytes. Read in small steps, since entries differ in size by a thousand times.
   */
  @SuppressWarnings("rawtypes") // a class literal
  private static final RedisScript<List> READ =
      new DefaultRedisScript<>(
          """
          local known = redis.call('HMGET', KEYS[2], 'id', 'first')
          local life, first = known[1], known[2]
          if not life then
            life = ARGV[2]
            redis.call('HSET', KEYS[2], 'id', life)
          end
          local time = redis.call('TIME')
          local before = redis.call('XREVRANGE', KEYS[1], ARGV[1], '-', 'COUNT', 1)[1]
          local cut = 0
          if not before or not first then
            local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
            if oldest and not first then
              redis.call('HSET', KEYS[2], 'first', oldest[1])
            elseif oldest and oldest[1] ~= first then
              cut = 1
            end
          end
          local page, bytes, last, from = {}, 0, 0, '(' .. ARGV[1]
          while #page < tonumber(ARGV[3]) and bytes < tonumber(ARGV[4]) do
            local some = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', 16)
            for _, entry in ipairs(some) do
              local field, value = false, ''
              for i = 1, #entry[2], 2 do
                if entry[2][i] == 'entry' or entry[2][i] == 'batch' or entry[2][i] == 'notes' then
                  field, value = entry[2][i], entry[2][i + 1]
                end
              end
              page[#page + 1] = {entry[1], field, value}
              bytes = bytes + #value
            end
            if #some < 16 then
              last = 1
              break
            end
            from = '(' .. some[16][1]
          end
          return {life, time[1], time[2], before and before[1] or false, cut, last, page}
          """,
          List.class);

  private final StringRedisTemplate redis;

  /** A log in the Redis that {@code connections} reach. */
  public EventLog(RedisConnectionFactory connections) {
    this.redis = new StringRedisTemplate(connections);
  }

  /**
   * Appends a batch, all of it or nothing, with nothing else in between.
   *
   * @param batch at least one event, each of them checked
   * @return position at which all of it is known
   */
  public LogPosition append(LogBatch batch) {
    return append(batch.inColumns(), 0);
  }

  /**
   * Appends the events of a batch from {@code first} on, all of them or nothing, with nothing else
   * in between.
   *
   * @param first less than the batch's size
   * @return position at which all of them are known
   */
  LogPosition append(ChangeBatch batch, int first) {
    return append(LogEntry.BATCH_FIELD, BatchCodec.encode(batch, first));
  }

  /**
   * Appends notes, all of them or nothing.
   *
   * @param notes at least one
   * @return position at which all of them are known
   */
  public LogPosition append(Notes notes) {
    return append(
        LogEntry.NOTES_FIELD,
        notes.parts().stream().map(WireJson.mapper()::writeValueAsBytes).toList());
  }

  private LogPosition append(String field, List<byte[]> entries) {
    Object[] arguments =
        Stream.concat(Stream.of(field.getBytes(US_ASCII)), entries.stream()).toArray();
    return LogPosition.parse(
        answered(() ->
            Objects.requireNonNull(
                redis.execute(
                    APPEND_ALL,
                    RedisSerializer.byteArray(),
                    RedisSerializer.string(),
                    List.of(LogEntry.STREAM),
                    arguments))));
  }

  /** Position of the last entry, or null if the log is empty. */
  @Nullable LogPosition last() {
    String last = answered(() -> redis.execute(LAST, List.of(LogEntry.STREAM)));
    return last == null ? null : LogPosition.parse(last);
  }

  /** Drops entries before {@code first}, perhaps not quite all. */
  void trim(LogPosition first) {
    var _ = answered(() -> redis.execute(TRIM, List.of(LogEntry.STREAM), first.toString()));
  }

  /** The entries after a position. */
  @SuppressWarnings({"rawtypes", "unchecked"}) // lists in lists of arrays
  Page after(LogPosition position) {
    List<?> answer =
        answered(() ->
            Objects.requireNonNull(
                redis.execute(
                    READ,
                    RedisSerializer.byteArray(),
                    (RedisSerializer) RedisSerializer.byteArray(),
                    List.of(LogEntry.STREAM, LIFE),
                    (Object[])
                        Stream.of(
                                position.toString(),
                                UUID.randomUUID().toString(),
                                Integer.toString(PAGE_ENTRIES),
                                Integer.toString(PAGE_BYTES))
                            .map(argument -> argument.getBytes(US_ASCII))
                            .toArray(byte[][]::new))));
    List<Recorded> entries = new ArrayList<>();
    for (Object entry : (List<?>) answer.get(6)) {
      entries.add(recorded((List<?>) entry));
    }
    long redisMs = Long.parseLong(text(answer.get(1))) * 1000;
    redisMs += Long.parseLong(text(answer.get(2))) / 1000;
    Object before = answer.get(3);
    return new Page(
        text(answer.get(0)),
        redisMs,
        before == null ? null : LogPosition.parse(text(before)),
        (long) answer.get(4) == 1,
        (long) answer.get(5) == 1,
        entries);
  }

  /** A reader with a connection of its own, since it may block it. */
  Reader open() {
    return new Reader(answered(() -> redis.getRequiredConnectionFactory().getConnection()));
  }

  /** Reads the log in order. For one thread. */
  final class Reader implements AutoCloseable {

    private final RedisConnection connection;

    private Reader(RedisConnection connection) {
      this.connection = connection;
    }

    /**
     * Waits until the log holds an entry after a position.
     *
     * @param patience how long at most, less than the command timeout
     */
    @SuppressWarnings("unchecked") // the varargs of xRead are generic
    void awaitAfter(LogPosition position, Duration patience) {
      StreamReadOptions options = StreamReadOptions.empty().count(1).block(patience);
      StreamOffset<byte[]> from = StreamOffset.create(STREAM, ReadOffset.from(position.toString()));
      var _ =
          answered(() ->
              Objects.requireNonNullElse(
                  connection.streamCommands().xRead(options, from), List.of()));
    }

    /** As {@link EventLog#after}. */
    Page after(LogPosition position) {
      return EventLog.this.after(position);
    }

    @Override
    public void close() {
      connection.close();
    }
  }

  private static Recorded recorded(List<?> entry) {
    Object field = entry.get(1);
    return new Recorded(
        LogPosition.parse(text(entry.get(0))),
        field == null ? null : text(field),
        (byte[]) entry.get(2));
  }

  private static String text(Object bytes) {
    return new String((byte[]) bytes, UTF_8);
  }

  private static <T extends @Nullable Object> T answered(Supplier<T> command) {
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
