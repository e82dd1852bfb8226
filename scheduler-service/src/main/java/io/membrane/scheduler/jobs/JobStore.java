package io.membrane.scheduler.jobs;

import static io.membrane.scheduler.redis.RedisCalls.bytes;
import static io.membrane.scheduler.redis.RedisCalls.text;

import io.membrane.scheduler.redis.RedisCalls;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Jobs of all replicas in Redis: a hash for each, and for each tenant their ids by time of
 * submission. Each write is a sign of life; who wants to know whether a job still runs compares it
 * with Redis's own clock. Thread-safe.
 */
final class JobStore {

  /** How many jobs of a tenant are kept. */
  static final int MOST_KEPT = 32;

  static final String GONE = "the replica that ran it is gone; submit it again";

  private static final Duration TTL = Duration.ofHours(1);

  /**
   * ARGV: TTL in ms, then fields and values; empty values are left out. Answers the cancel flag.
   */
  private static final String WRITE =
      """
      local t = redis.call('TIME')
      local now = t[1] * 1000 + math.floor(t[2] / 1000)
      redis.call('HSET', KEYS[1], 'sign_of_life', now)
      for i = 2, #ARGV, 2 do
        if ARGV[i + 1] ~= '' then
          redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
        end
      end
      redis.call('PEXPIRE', KEYS[1], ARGV[1])
      return {redis.call('HGET', KEYS[1], 'cancel') or ''}
      """;

  private static final String READ =
      """
      if redis.call('EXISTS', KEYS[1]) == 0 then
        return {}
      end
      local t = redis.call('TIME')
      local now = t[1] * 1000 + math.floor(t[2] / 1000)
      local all = redis.call('HMGET', KEYS[1], 'status', 'progress', 'submitted_at_ms',
          'started_at_ms', 'ended_at_ms', 'reason', 'sign_of_life')
      for i = 1, #all do
        all[i] = all[i] or ''
      end
      all[7] = tostring(now - all[7])
      return all
      """;

  private static final String CANCEL =
      """
      if redis.call('EXISTS', KEYS[1]) == 0 then
        return {0}
      end
      redis.call('HSET', KEYS[1], 'cancel', 'asked')
      return {1}
      """;

  private final RedisCalls redis;
  private final Duration goneAfter;

  /**
   * @param goneAfter without a sign of life a job is taken for lost
   */
  JobStore(RedisCalls redis, Duration goneAfter) {
    this.redis = redis;
    this.goneAfter = goneAfter;
  }

  /** Makes a job known; the tenant's oldest go if they are too many. */
  void add(Job job) {
    write(job);
    byte[] index = bytes(index(job.tenant()));
    Set<byte[]> tooMany =
        redis.call(r -> {
          r.zSetCommands().zAdd(index, (double) job.state().submittedAtMs(), bytes(job.id()));
          r.keyCommands().pExpire(index, TTL.toMillis());
          return r.zSetCommands().zRange(index, 0, -MOST_KEPT - 1);
        });
    for (byte[] old : tooMany) {
      remove(job.tenant(), text(old));
    }
  }

  void remove(String tenant, String id) {
    redis.call(r -> {
      r.zSetCommands().zRem(bytes(index(tenant)), bytes(id));
      return r.keyCommands().del(bytes(key(tenant, id)));
    });
  }

  /**
   * Writes all that there is to know of a job, also into a Redis that has lost it.
   *
   * @return whether somebody has asked to cancel it
   */
  boolean write(Job job) {
    JobState s = job.state();
    List<@Nullable Object> answer =
        redis.script(
            WRITE,
            key(job.tenant(), job.id()),
            bytes(Long.toString(TTL.toMillis())),
            bytes("status"),
            bytes(s.status().name().toLowerCase(Locale.ROOT)),
            bytes("progress"),
            bytes(Double.toString(s.progress())),
            bytes("submitted_at_ms"),
            bytes(Long.toString(s.submittedAtMs())),
            bytes("started_at_ms"),
            optional(s.startedAtMs()),
            bytes("ended_at_ms"),
            optional(s.endedAtMs()),
            bytes("reason"),
            optional(s.reason()),
            bytes("result"),
            optional(job.result()));
    return !text(Objects.requireNonNull(answer.getFirst())).isEmpty();
  }

  Optional<JobState> read(String tenant, String id) {
    List<String> all =
        redis.script(READ, key(tenant, id)).stream()
            .map(field -> text(Objects.requireNonNull(field)))
            .toList();
    return all.isEmpty() ? Optional.empty() : Optional.of(state(id, all));
  }

  /** The result as JSON, if the job is done. */
  @Nullable String result(String tenant, String id) {
    byte[] json =
        redis.<byte @Nullable []>call(
            r -> r.hashCommands().hGet(bytes(key(tenant, id)), bytes("result")));
    return json == null ? null : new String(json, StandardCharsets.UTF_8);
  }

  List<JobState> newestFirst(String tenant) {
    Set<byte[]> ids =
        redis.call(r -> r.zSetCommands().zRevRange(bytes(index(tenant)), 0, MOST_KEPT - 1));
    List<JobState> states = new ArrayList<>();
    for (byte[] id : ids) {
      read(tenant, text(id)).ifPresent(states::add);
    }
    return states;
  }

  /**
   * Asks whichever replica runs it to cancel a job.
   *
   * @return whether there is such a job
   */
  boolean cancel(String tenant, String id) {
    return Objects.equals(redis.script(CANCEL, key(tenant, id)).getFirst(), 1L);
  }

  private JobState state(String id, List<String> all) {
    JobState written =
        new JobState(
            id,
            Status.valueOf(all.getFirst().toUpperCase(Locale.ROOT)),
            Double.parseDouble(all.get(1)),
            Long.parseLong(all.get(2)),
            time(all.get(3)),
            time(all.get(4)),
            all.get(5).isEmpty() ? null : all.get(5));
    boolean silent = (long) Double.parseDouble(all.get(6)) > goneAfter.toMillis();
    return silent && !written.status().hasEnded()
        ? new JobState(
            id,
            Status.FAILED,
            written.progress(),
            written.submittedAtMs(),
            written.startedAtMs(),
            null,
            GONE)
        : written;
  }

  private static @Nullable Long time(String text) {
    return text.isEmpty() ? null : Long.valueOf(text);
  }

  private static byte[] optional(@Nullable Object value) {
    return bytes(value == null ? "" : value.toString());
  }

  private static String key(String tenant, String id) {
    return "membrane:scheduler:simulation:" + tenant + ":" + id;
  }

  private static String index(String tenant) {
    return "membrane:scheduler:simulations:" + tenant;
  }
}
