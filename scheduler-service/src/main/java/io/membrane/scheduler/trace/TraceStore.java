package io.membrane.scheduler.trace;

import static io.membrane.scheduler.redis.RedisCalls.bytes;
import static io.membrane.scheduler.redis.RedisCalls.text;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.scheduler.redis.RedisCalls;
import io.membrane.scheduler.simulation.traffic.Trace;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Traces as they were uploaded, gzip'd in Redis for a day, under the beginning of their SHA-256. A
 * trace is there whole or not at all. Thread-safe.
 */
public final class TraceStore {

  /** How many traces a fleet keeps. */
  public static final int MOST_TRACES = 16;

  private static final Duration TTL = Duration.ofHours(24);
  private static final int ID_BYTES = 16;
  private static final Pattern ID = Pattern.compile("[0-9a-f]{32}");
  private static final String PREFIX = "membrane:scheduler:trace:";
  private static final String INDEX = "membrane:scheduler:traces";
  private static final byte[] SUMMARY = bytes("summary");
  private static final byte[] CONTENT = bytes("ndjson_gz");

  /** ARGV: member, most, TTL in ms. Answers whether there is room, and then takes it. */
  private static final String TAKE_ROOM =
      """
      local t = redis.call('TIME')
      local now = t[1] * 1000 + math.floor(t[2] / 1000)
      redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
      if not redis.call('ZSCORE', KEYS[1], ARGV[1])
          and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
        return {0}
      end
      redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
      redis.call('PEXPIRE', KEYS[1], ARGV[3])
      return {1}
      """;

  /** ARGV: summary, content, TTL in ms. */
  private static final String WRITE =
      """
      redis.call('HSET', KEYS[1], 'summary', ARGV[1], 'ndjson_gz', ARGV[2])
      redis.call('PEXPIRE', KEYS[1], ARGV[3])
      return {}
      """;

  private final RedisCalls redis;

  /** Reading holds a trace in memory more than once. */
  private final Semaphore reading = new Semaphore(1);

  public TraceStore(RedisCalls redis) {
    this.redis = redis;
  }

  /**
   * Reads a trace to its end and keeps it; one that is there already is kept for another day.
   *
   * @throws MembraneException as {@link TraceReader#read}, {@link ErrorCode#STORAGE_FULL} if the
   *     fleet keeps {@value #MOST_TRACES} already, or {@link ErrorCode#OVERLOADED} while another is
   *     read
   */
  public TraceSummary put(String tenant, InputStream body) {
    if (!reading.tryAcquire()) {
      throw new MembraneException(
          ErrorCode.OVERLOADED, "another trace is being read at this moment; try again");
    }
    try {
      MessageDigest digest = sha256();
      ByteArrayOutputStream compressed = new ByteArrayOutputStream();
      Trace trace;
      try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
        trace = TraceReader.read(copied(body, digest, gzip));
      }
      String id = HexFormat.of().formatHex(digest.digest(), 0, ID_BYTES);
      TraceSummary summary = TraceSummary.of(id, trace);
      keep(tenant, summary, compressed.toByteArray());
      return summary;
    } catch (IOException e) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST, "the trace broke off; send it again whole", e);
    } finally {
      reading.release();
    }
  }

  /** What a trace holds, if it is there. */
  public Optional<TraceSummary> summary(String tenant, String id) {
    byte[] json = field(tenant, id, SUMMARY);
    return json == null
        ? Optional.empty()
        : Optional.of(WireJson.mapper().readValue(json, TraceSummary.class));
  }

  /** The trace itself, if it is there. Blocks while another is read. */
  public Optional<Trace> trace(String tenant, String id) {
    byte[] content = field(tenant, id, CONTENT);
    if (content == null) {
      return Optional.empty();
    }
    reading.acquireUninterruptibly();
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(content))) {
      return Optional.of(TraceReader.read(in));
    } catch (IOException e) {
      throw new UncheckedIOException("Redis holds trace " + id + " damaged", e);
    } finally {
      reading.release();
    }
  }

  /** Removes a trace if it is there. */
  public void remove(String tenant, String id) {
    if (ID.matcher(id).matches()) {
      redis.call(r -> r.keyCommands().del(bytes(key(tenant, id))));
      redis.call(r -> r.zSetCommands().zRem(bytes(INDEX), bytes(tenant + ":" + id)));
    }
  }

  private void keep(String tenant, TraceSummary summary, byte[] content) {
    String member = tenant + ":" + summary.traceId();
    if (!tookRoom(member)) {
      forgetThoseGone();
      if (!tookRoom(member)) {
        throw new MembraneException(
            ErrorCode.STORAGE_FULL,
            "the fleet keeps at most %d traces, each for %d hours; delete one (DELETE"
                    .formatted(MOST_TRACES, TTL.toHours())
                + " /v1/traces/{id})");
      }
    }
    redis.script(
        WRITE,
        PREFIX + member,
        WireJson.mapper().writeValueAsBytes(summary),
        content,
        bytes(Long.toString(TTL.toMillis())));
  }

  private boolean tookRoom(String member) {
    return Objects.equals(
        redis
            .script(
                TAKE_ROOM,
                INDEX,
                bytes(member),
                bytes(Integer.toString(MOST_TRACES)),
                bytes(Long.toString(TTL.toMillis())))
            .getFirst(),
        1L);
  }

  /** Redis may have evicted a trace, and a writer may have ended before it wrote. */
  private void forgetThoseGone() {
    redis.call(r -> {
      for (byte[] member : r.zSetCommands().zRange(bytes(INDEX), 0, -1)) {
        if (Objects.equals(r.keyCommands().exists(bytes(PREFIX + text(member))), false)) {
          r.zSetCommands().zRem(bytes(INDEX), member);
        }
      }
      return true;
    });
  }

  private byte @Nullable [] field(String tenant, String id, byte[] field) {
    return ID.matcher(id).matches()
        ? redis.<byte @Nullable []>call(r -> r.hashCommands().hGet(bytes(key(tenant, id)), field))
        : null;
  }

  private static String key(String tenant, String id) {
    return PREFIX + tenant + ":" + id;
  }

  /** What is read from the result is digested and goes to {@code copy} too. */
  private static InputStream copied(InputStream body, MessageDigest digest, OutputStream copy) {
    return new FilterInputStream(body) {
      @Override
      public int read(byte[] buffer, int offset, int length) throws IOException {
        int n = in.read(buffer, offset, length);
        if (n > 0) {
          digest.update(buffer, offset, n);
          copy.write(buffer, offset, n);
        }
        return n;
      }
    };
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
