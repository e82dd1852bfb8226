package io.membrane.fragment.store;

import static io.membrane.fragment.store.ScriptValues.number;
import static io.membrane.fragment.store.ScriptValues.string;
import static io.membrane.fragment.store.ScriptValues.stringsGiven;
import static io.membrane.fragment.store.ScriptValues.text;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.tenancy.Policy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Gives bodies in Redis their names. */
final class CatalogPuts {

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

  private static final byte[] YES = {'1'};
  private static final byte[] NO = {};

  /**
   * What takes others with it may be read a little longer than it lives: until {@code trim.lua},
   * which looks every second, removes it and them at once. Else they would outlive it until then.
   */
  private static final long GRACE_MS = 10_000;

  private static final long NO_QUOTA = -1;

  private final RedisCalls redis;
  private final NameEvents events;
  private final Duration putWindow;
  private final byte[] logLength;

  CatalogPuts(RedisCalls redis, StoreSettings settings) {
    this.redis = redis;
    this.events = new NameEvents(settings.node(), settings.cluster());
    this.putWindow = settings.putWindow();
    this.logLength = text(settings.logLength());
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
                  .formatted(putWindow));
      default ->
          new Put(
              Outcome.valueOf(string(answer, 0)),
              NameRecord.expiry(string(answer, 1)),
              NameRecord.position(string(answer, 2)),
              number(answer, 3),
              stringsGiven(answer, 4));
    };
  }

  private List<byte[]> arguments(NewName put, String bodyId, long writtenMs, boolean ahead) {
    Policy policy = put.policy();
    double weight = Rank.weight(put.meta(), put.bytes());
    Name parent = put.name().parent(put.meta());
    byte[] event = events.stored(put);
    return List.of(
        put.name().bytes(),
        text(bodyId),
        text(writtenMs + putWindow.toMillis()),
        ahead ? YES : NO,
        put.overwrite() ? YES : NO,
        text(put.bytes()),
        text(RedisKeys.footprint(Forms.bytes(bodyId, put.bytes()))),
        text(put.owner()),
        quota(policy),
        text(put.ttlMs()),
        text(put.with().isEmpty() ? 0 : GRACE_MS),
        text(Rank.of(policy.priorityClass(), weight)),
        parent == null ? NO : parent.bytes(),
        logLength,
        event,
        events.removed(),
        NameRecord.tail(put, weight, event.length > 0));
  }

  private static byte[] quota(Policy policy) {
    Long bytes = policy.quotaBytes();
    Long names = policy.quotaFragments();
    return bytes == null && names == null
        ? NO
        : text((bytes == null ? NO_QUOTA : bytes) + " " + (names == null ? NO_QUOTA : names));
  }
}
