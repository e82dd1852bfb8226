package io.membrane.fragment.store;

import static io.membrane.fragment.store.ScriptValues.string;
import static io.membrane.fragment.store.ScriptValues.strings;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.tenancy.Policy;
import io.membrane.wire.FragmentClient.FragmentMeta;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The records of uploads in Redis. Each method is one step of {@code upload.lua}, whole or not. */
final class UploadRecords {

  /** An upload that has ended: parts of it that are to be unlinked. */
  record Freed(String id, List<String> parts) {}

  private final RedisCalls redis;

  UploadRecords(RedisCalls redis) {
    this.redis = redis;
  }

  /**
   * Begins an upload and charges the tenant with what it may become.
   *
   * @throws MembraneException {@link ErrorCode#QUOTA_EXCEEDED}, also for too many open uploads
   */
  void begin(String id, UploadState.Open begun, Policy policy) {
    Long length = begun.progress().length();
    Map<String, Object> parameters =
        Map.ofEntries(
            Map.entry("tenant", begun.tenant()),
            Map.entry("key", begun.key().toString()),
            Map.entry("meta", WireJson.mapper().writeValueAsString(begun.meta())),
            Map.entry("digest", begun.claimed() == null ? "" : begun.claimed().hex()),
            Map.entry("length", length == null ? "" : length.toString()),
            Map.entry("limit", begun.limit()),
            Map.entry("held", RedisKeys.NAME_BYTES),
            Map.entry("quota_bytes", policy.quotaBytes() == null ? -1 : policy.quotaBytes()),
            Map.entry(
                "quota_names", policy.quotaFragments() == null ? -1 : policy.quotaFragments()),
            Map.entry("most_open", ResumableUploads.MOST_OPEN),
            Map.entry("idle", ResumableUploads.IDLE.toMillis()),
            Map.entry("life", ResumableUploads.LIFE.toMillis()),
            Map.entry("writer", begun.writer()));
    List<@Nullable Object> answer =
        step("begin", id, WireJson.mapper().writeValueAsString(parameters));
    switch (string(answer, 0)) {
      case "MANY" ->
          throw new MembraneException(
              ErrorCode.QUOTA_EXCEEDED,
              "tenant %s has %d uploads open; end some (DELETE), or complete them"
                  .formatted(begun.tenant(), ResumableUploads.MOST_OPEN));
      case "QUOTA" ->
          throw new MembraneException(
              ErrorCode.QUOTA_EXCEEDED,
              "tenant %s has %s bytes in %s fragments stored or being uploaded and no room for %d bytes more; delete some, say the Upload-Length, or raise its quota"
                  .formatted(begun.tenant(), string(answer, 1), string(answer, 2), begun.limit()));
      default -> {}
    }
  }

  /**
   * Looks at an upload, and ends whoever writes it.
   *
   * @param writer who may write from now on; empty for nobody
   * @param offset that the caller counts on, or null
   * @param length that the upload shall have, if the caller knows it now
   * @return null if this tenant has no such upload
   */
  @Nullable UploadState hold(
      String tenant, String id, String writer, @Nullable Long offset, @Nullable Long length) {
    List<@Nullable Object> answer =
        step("hold", id, tenant, writer, textOrEmpty(offset), textOrEmpty(length));
    return switch (string(answer, 0)) {
      case "NONE" -> null;
      case "OFFSET" -> new UploadState.Mismatch(progress(answer), ErrorCode.UPLOAD_OFFSET_MISMATCH);
      case "LENGTH" -> new UploadState.Mismatch(progress(answer), ErrorCode.UPLOAD_LENGTH_MISMATCH);
      case "ENDED" -> ended(answer);
      default ->
          new UploadState.Open(
              progress(answer),
              tenant,
              writer,
              Long.parseLong(string(answer, 4)),
              FragmentKey.parse(string(answer, 5)),
              WireJson.mapper().readValue(string(answer, 6), FragmentMeta.class),
              string(answer, 7).isEmpty() ? null : new ContentDigest(string(answer, 7)));
    };
  }

  private static UploadState.Ended ended(List<@Nullable Object> answer) {
    String outcome = string(answer, 4);
    boolean isNew = outcome.equals("STORED");
    if (isNew || outcome.equals("SAME")) {
      String position = string(answer, 7);
      return new UploadState.Ended(
          progress(answer),
          new FragmentStore.Stored(
              isNew, new ContentDigest(string(answer, 6)), position.isEmpty() ? null : position),
          null,
          "");
    }
    return new UploadState.Ended(
        progress(answer), null, ErrorCode.valueOf(outcome), string(answer, 5));
  }

  private static UploadState.Progress progress(List<@Nullable Object> answer) {
    String length = string(answer, 2);
    return new UploadState.Progress(
        Long.parseLong(string(answer, 1)),
        length.isEmpty() ? null : Long.valueOf(length),
        Duration.ofMillis(Long.parseLong(string(answer, 3))));
  }

  /**
   * Takes in a part that lies in Redis.
   *
   * @param footprint bytes that it takes there
   * @return bytes that everything takes in Redis now
   * @throws MembraneException {@link ErrorCode#UPLOAD_OFFSET_MISMATCH} if another request holds the
   *     upload, {@link ErrorCode#IMPOSSIBLE_REQUEST} if it has too many parts
   */
  long append(UploadHold hold, long offset, UploadPart part, long footprint, long mostParts) {
    List<@Nullable Object> answer =
        step(
            "append",
            hold.id(),
            hold.writer(),
            Long.toString(offset),
            Long.toString(part.bytes()),
            Long.toString(footprint),
            part.toString(),
            Long.toString(mostParts),
            Long.toString(ResumableUploads.IDLE.toMillis()),
            Long.toString(ResumableUploads.LIFE.toMillis()));
    return switch (string(answer, 0)) {
      case "TAKEN" -> throw UploadHold.taken();
      case "MANY" ->
          throw new MembraneException(
              ErrorCode.IMPOSSIBLE_REQUEST,
              "an upload of this size has at most %d parts; begin again and send more at a time"
                  .formatted(mostParts));
      default -> Long.parseLong(string(answer, 1));
    };
  }

  /** The parts of an open upload, in order. */
  List<UploadPart> parts(String id) {
    List<UploadPart> parts = new ArrayList<>();
    for (String part : strings(step("parts", id), 0)) {
      parts.add(UploadPart.parse(part));
    }
    return parts;
  }

  /** Ends an upload and keeps nothing of it; null if this tenant has none. */
  @Nullable Freed cancel(String tenant, String id) {
    return stopped(id, step("stop", id, tenant, "", "", "0", ""));
  }

  /**
   * Ends an upload with an error, which is kept for a while.
   *
   * @throws MembraneException {@link ErrorCode#UPLOAD_OFFSET_MISMATCH} if another request holds it
   */
  @Nullable Freed fail(UploadHold hold, String tenant, MembraneException error) {
    String kept = Long.toString(ResumableUploads.ANSWER_KEPT.toMillis());
    return stopped(
        hold.id(),
        step("stop", hold.id(), tenant, error.code().name(), error.detail(), kept, hold.writer()));
  }

  private static @Nullable Freed stopped(String id, List<@Nullable Object> answer) {
    return switch (string(answer, 0)) {
      case "NONE" -> null;
      case "TAKEN" -> throw UploadHold.taken();
      default -> freed(id, strings(answer, 1));
    };
  }

  /** Ends an upload whose time is over; null if there is none. */
  @Nullable Freed expire() {
    List<@Nullable Object> answer = step("expire");
    return answer.isEmpty() ? null : freed(string(answer, 0), strings(answer, 1));
  }

  private static Freed freed(String id, List<String> parts) {
    return new Freed(id, parts.stream().map(part -> UploadPart.parse(part).name()).toList());
  }

  /** Whether there is such an upload, of whichever tenant. */
  boolean isOpen(String id) {
    return Long.valueOf(1).equals(step("open", id).getFirst());
  }

  private List<@Nullable Object> step(String... arguments) {
    return redis.script(
        Script.UPLOAD, Arrays.stream(arguments).map(ScriptValues::text).toArray(byte[][]::new));
  }

  private static String textOrEmpty(@Nullable Long value) {
    return value == null ? "" : value.toString();
  }
}
