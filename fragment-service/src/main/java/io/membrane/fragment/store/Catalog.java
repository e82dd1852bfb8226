package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.tenancy.Policy;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.FragmentClient.FragmentMeta;
import io.membrane.wire.LogEntry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The names in Redis: which there are, what they refer to, whom they are charged to, in which order
 * they go. Each method is one script and changes all of that or nothing; see {@link RedisKeys}.
 *
 * <p>Bodies that lose their last name are in the answers, for {@link Bodies#unlink}.
 */
final class Catalog {

  /** A name that a body gets. */
  record NewName(
      Name name,
      String owner,
      Policy policy,
      @Nullable FragmentMeta meta,
      ContentDigest digest,
      long bytes,
      long ttlMs,
      boolean overwrite,
      List<Name> with) {}

  /** What became of a put. */
  enum Outcome {
    STORED,
    /** Equal bytes had the name. */
    SAME,
    /** Other bytes have the name; nothing is changed. */
    CONFLICT,
    /** The body that was sent ahead is not there; nothing is changed. */
    LOST
  }

  /**
   * Answer to a put.
   *
   * @param storeBytes bytes that everything takes in Redis now
   * @param unlink bodies that are not needed any more
   */
  record Put(
      Outcome outcome,
      @Nullable Long expiresAtMs,
      @Nullable String logPosition,
      long storeBytes,
      List<String> unlink) {

    private static final Put CONFLICT = new Put(Outcome.CONFLICT, null, null, 0, List.of());
    private static final Put LOST = new Put(Outcome.LOST, null, null, 0, List.of());
  }

  /** Answer to a removal. */
  record Removed(@Nullable String logPosition, long storeBytes, List<String> unlink) {}

  /** Answer to a trim: names that had ended and names that had to go. */
  record Trimmed(long storeBytes, long expired, long evicted, List<String> unlink) {}

  /**
   * What has changed.
   *
   * @param life another after Redis has lost its data, or another server has taken over
   * @param ever changes there have been in this life
   * @param last id of the last one told
   * @param names what has changed, {@value #MOST_CHANGES} at most
   */
  record Changes(String life, long ever, long storeBytes, String last, List<Name> names) {}

  static final int MOST_CHANGES = 1000;

  private static final byte[] YES = {'1'};
  private static final byte[] NO = {};

  /**
   * What takes others with it may be read a little longer than it lives: until {@code trim.lua},
   * which looks every second, removes it and them at once. Else they would outlive it until then.
   */
  private static final long GRACE_MS = 10_000;

  /** Ranks of one class; {@code shared.lua} knows the same. */
  private static final double CLASS_SPAN = 1e9;

  /** A block that costs as much to prefill as most: 1 token for 2 KiB. */
  private static final double TYPICAL_TOKENS_PER_BYTE = 1.0 / 2048;

  private static final double MOST_WEIGHT = 64;
  private static final long NO_QUOTA = -1;
  private static final String TIER = "redis";

  private final RedisCalls redis;
  private final FragmentStore.Settings settings;
  private final byte[] removedEvent;
  private final byte[] logLength;

  Catalog(RedisCalls redis, FragmentStore.Settings settings) {
    this.redis = redis;
    this.settings = settings;
    this.logLength = text(settings.logLength());
    this.removedEvent =
        """
        {"node":%s,"cluster":%s,"domain":"@domain@","event":{"type":"removed","block_hash":"@hash@","slice":"@slice@",\
        "tier":"%s"}}\
        """
            .formatted(quoted(settings.node()), quoted(settings.cluster()), TIER)
            .getBytes(UTF_8);
  }

  /**
   * Names a body.
   *
   * @param ahead whether the body was sent ahead, over the same connection, and no answer waited
   *     for
   * @param upload what the body was uploaded by, which then ends; or null
   * @throws MembraneException {@link ErrorCode#QUOTA_EXCEEDED}; {@link
   *     ErrorCode#DEPENDENCY_UNAVAILABLE} if the body was written so long ago that the sweep may
   *     take it; {@link ErrorCode#UPLOAD_OFFSET_MISMATCH} if another request holds the upload
   */
  Put put(NewName put, String bodyId, long writtenMs, boolean ahead, @Nullable UploadHold upload) {
    List<byte[]> arguments = new ArrayList<>(arguments(put, bodyId, writtenMs, ahead));
    if (upload != null) {
      arguments.addAll(upload.arguments());
    }
    List<@Nullable Object> answer =
        redis.script(
            upload == null ? Script.PUT : Script.COMPLETE, arguments.toArray(byte[][]::new));
    return switch (string(answer, 0)) {
      case "CONFLICT" -> Put.CONFLICT;
      case "LOST" -> Put.LOST;
      case "QUOTA" ->
          throw new MembraneException(
              ErrorCode.QUOTA_EXCEEDED,
              "tenant %s has %s bytes in %s fragments stored and no room for %d bytes more; delete some, or raise its quota"
                  .formatted(put.owner(), string(answer, 1), string(answer, 2), put.bytes()));
      case "TAKEN" -> throw UploadHold.taken();
      case "STALE" ->
          throw new MembraneException(
              ErrorCode.DEPENDENCY_UNAVAILABLE,
              "the put took longer than %s, or this machine's clock is behind Redis'; try again"
                  .formatted(settings.putWindow()));
      default ->
          new Put(
              Outcome.valueOf(string(answer, 0)),
              expiry(string(answer, 1)),
              position(string(answer, 2)),
              number(answer, 3),
              bodies(answer, 4));
    };
  }

  private List<byte[]> arguments(NewName put, String bodyId, long writtenMs, boolean ahead) {
    Policy policy = put.policy();
    double weight = weight(put.meta(), put.bytes());
    Name parent = parent(put.name(), put.meta());
    byte[] event = storedEvent(put);
    return List.of(
        put.name().bytes(),
        text(bodyId),
        text(writtenMs + settings.putWindow().toMillis()),
        ahead ? YES : NO,
        put.overwrite() ? YES : NO,
        text(put.bytes()),
        text(RedisKeys.footprint(Forms.bytes(bodyId, put.bytes()))),
        text(put.owner()),
        quota(policy),
        text(put.ttlMs()),
        text(put.with().isEmpty() ? 0 : GRACE_MS),
        text(policy.priorityClass() * CLASS_SPAN + weight),
        parent == null ? NO : parent.bytes(),
        logLength,
        event,
        removedEvent,
        NameRecord.tail(put, weight, event.length > 0));
  }

  private static byte[] quota(Policy policy) {
    Long bytes = policy.quotaBytes();
    Long names = policy.quotaFragments();
    return bytes == null && names == null
        ? NO
        : text((bytes == null ? NO_QUOTA : bytes) + " " + (names == null ? NO_QUOTA : names));
  }

  /** What it takes to have a byte again, against a typical block; 1 where that is not known. */
  static double weight(@Nullable FragmentMeta meta, long bytes) {
    if (meta == null) {
      return 1;
    }
    double weight = meta.tokenSpan().length() / (TYPICAL_TOKENS_PER_BYTE * bytes);
    return Math.clamp(weight, 1 / MOST_WEIGHT, MOST_WEIGHT);
  }

  /** The fragment without which this one is of no use; null if there is none. */
  static @Nullable Name parent(Name name, @Nullable FragmentMeta meta) {
    FragmentKey key = name.fragment();
    return key == null || meta == null || meta.parent() == null
        ? null
        : Name.of(name.domain(), new FragmentKey(meta.parent(), key.slice()));
  }

  /** Up to the life, which only Redis' clock tells. */
  private byte[] storedEvent(NewName put) {
    FragmentMeta meta = put.meta();
    FragmentKey key = put.name().fragment();
    if (meta == null || key == null) {
      return NO;
    }
    Event event = stored(key, meta, put.bytes(), null);
    byte[] entry =
        WireJson.mapper()
            .writeValueAsBytes(
                new LogEntry(
                    settings.node(), settings.cluster(), put.name().domain(), null, null, event));
    return Arrays.copyOf(entry, entry.length - "}}".length());
  }

  /** How the log tells of a fragment. */
  static Event stored(FragmentKey key, FragmentMeta meta, long bytes, @Nullable Long expiresAtMs) {
    return new Event(
        EventType.STORED,
        meta.namespace(),
        key.hash(),
        meta.parent(),
        key.slice(),
        bytes,
        TIER,
        meta.tokenSpan(),
        expiresAtMs);
  }

  /** What is known of each name, in order; null for each that is not there. */
  List<@Nullable Lookup> resolve(List<Name> names) {
    byte[][] arguments = new byte[2 + names.size()][];
    arguments[0] = removedEvent;
    arguments[1] = logLength;
    for (int i = 0; i < names.size(); i++) {
      arguments[2 + i] = names.get(i).bytes();
    }
    List<@Nullable Object> answer = redis.script(Script.RESOLVE, arguments);
    List<@Nullable Lookup> found = new ArrayList<>(names.size());
    for (int i = 0; i < names.size(); i++) {
      found.add(Lookup.of(names.get(i), list(answer, i)));
    }
    return found;
  }

  /** Which of the names there are, in order. */
  List<Boolean> exists(List<Name> names) {
    byte[][] arguments = names.stream().map(Name::bytes).toArray(byte[][]::new);
    return redis.script(Script.EXISTS, arguments).stream()
        .map(found -> Long.valueOf(1).equals(found))
        .toList();
  }

  /**
   * Removes a name for a tenant.
   *
   * @throws MembraneException {@link ErrorCode#FORBIDDEN} if it is another tenant's
   */
  Removed delete(Name name, String tenant) {
    return delete(name, tenant, "");
  }

  /** Removes a name whose bytes or fields are not what was stored, and the content with it. */
  Removed condemn(Name name, String bodyId) {
    return delete(name, "", bodyId);
  }

  private Removed delete(Name name, String tenant, String bodyId) {
    List<@Nullable Object> answer =
        redis.script(
            Script.DELETE,
            name.bytes(),
            text(tenant),
            name.fragment() == null ? new byte[0] : removedEvent,
            logLength,
            text(bodyId));
    if (string(answer, 0).equals("FORBIDDEN")) {
      throw new MembraneException(
          ErrorCode.FORBIDDEN, "another tenant has stored it; only that tenant can remove it");
    }
    return new Removed(
        position(string(answer, 1)), Long.parseLong(string(answer, 2)), bodies(answer, 3));
  }

  /**
   * Removes names, whoever has stored them.
   *
   * @return in {@code evicted}, how many went, with those that went with them
   */
  Trimmed flush(List<Name> names) {
    byte[][] arguments = new byte[2 + names.size()][];
    arguments[0] = removedEvent;
    arguments[1] = logLength;
    for (int i = 0; i < names.size(); i++) {
      arguments[2 + i] = names.get(i).bytes();
    }
    List<@Nullable Object> answer = redis.script(Script.FLUSH, arguments);
    return new Trimmed(
        Long.parseLong(string(answer, 1)),
        0,
        (Long) Objects.requireNonNull(answer.get(0)),
        bodies(answer, 2));
  }

  /** Removes what has ended, and what ranks lowest until the store takes {@code most} bytes. */
  Trimmed trim(long most, int names) {
    List<@Nullable Object> answer =
        redis.script(Script.TRIM, text(most), text(names), removedEvent, logLength);
    return new Trimmed(
        Long.parseLong(string(answer, 0)),
        (Long) Objects.requireNonNull(answer.get(1)),
        (Long) Objects.requireNonNull(answer.get(2)),
        bodies(answer, 3));
  }

  /**
   * Keeps a tenant's names from eviction until a pin ends; what the pin kept before is kept no
   * more.
   *
   * @param lasts zero: it ends now
   * @return which are kept, in order: those that are there and the tenant's own
   */
  List<Boolean> pin(String tenant, String pin, Duration lasts, List<Name> names) {
    List<byte[]> arguments = new ArrayList<>(3 + names.size());
    arguments.add(text(tenant + "/" + pin));
    arguments.add(text(tenant));
    arguments.add(text(lasts.toMillis()));
    names.forEach(name -> arguments.add(name.bytes()));
    return redis.script(Script.PIN, arguments.toArray(byte[][]::new)).stream()
        .map(kept -> Long.valueOf(1).equals(kept))
        .toList();
  }

  /** Counts uses of names. */
  void touch(Map<Name, Integer> uses) {
    List<byte[]> arguments = new ArrayList<>(2 * uses.size());
    uses.forEach((name, times) -> {
      arguments.add(name.bytes());
      arguments.add(text(times));
    });
    redis.script(Script.TOUCH, arguments.toArray(byte[][]::new));
  }

  /**
   * What has changed since then.
   *
   * @param last id of the last change known; empty to hear where the last is
   * @param newLife what this life of the store is called if it has no name yet
   */
  Changes changes(String last, String newLife) {
    List<@Nullable Object> answer = redis.script(Script.CHANGES, text(last), text(newLife));
    List<Name> names = new ArrayList<>();
    for (int i = 4; i < answer.size(); i++) {
      names.add(Name.parse(string(answer, i)));
    }
    return new Changes(
        string(answer, 0),
        Long.parseLong(string(answer, 1)),
        Long.parseLong(string(answer, 2)),
        string(answer, 3),
        names);
  }

  /** Milliseconds, by the clock that a put's age is measured with; not each node of a cluster's. */
  long nowMs() {
    return Long.parseLong(string(redis.script(Script.CLOCK), 0));
  }

  private static String quoted(String text) {
    return WireJson.mapper().writeValueAsString(text);
  }

  static @Nullable Long expiry(String expires) {
    long ms = Long.parseLong(expires);
    return ms == 0 ? null : ms;
  }

  static @Nullable String position(String position) {
    return position.isEmpty() ? null : position;
  }

  private static List<String> bodies(List<@Nullable Object> answer, int from) {
    List<String> ids = new ArrayList<>();
    for (int i = from; i < answer.size(); i++) {
      String id = string(answer, i);
      if (!id.isEmpty()) {
        ids.add(id);
      }
    }
    return ids;
  }

  @SuppressWarnings("unchecked") // an array in a script's answer
  private static List<@Nullable Object> list(List<@Nullable Object> answer, int index) {
    return (List<@Nullable Object>) Objects.requireNonNull(answer.get(index));
  }

  static String string(List<@Nullable Object> answer, int index) {
    return new String((byte[]) Objects.requireNonNull(answer.get(index)), UTF_8);
  }

  /** A number, which scripts answer as such or as its digits. */
  private static long number(List<@Nullable Object> answer, int index) {
    return answer.get(index) instanceof Long number
        ? number
        : Long.parseLong(string(answer, index));
  }

  static byte[] text(Object value) {
    return value.toString().getBytes(UTF_8);
  }
}
