package io.membrane.fragment.store;

import io.membrane.block.ContentDigest;
import io.membrane.block.ContentDigester;
import io.membrane.block.FragmentKey;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.Payload;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.FragmentClient.FragmentMeta;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Fragments that come in parts, over several requests and through whichever replica.
 *
 * <p>An upload is a record in Redis and its parts, each of which lies there under a name that no
 * other request writes; the record lists a part with its digest once it is whole. So what is listed
 * is there, nobody overwrites it, and what is lost or damaged is found when the upload is
 * completed. Then the parts become the payload of a put; the script that names it ends the upload.
 *
 * <p>A request that asks for an upload ends the one before it (draft-ietf-httpbis-resumable-upload,
 * section "Concurrency"): an offset that was told stays true until somebody writes again.
 *
 * <p>From its beginning to its end an upload counts in its tenant's quota with all that it may
 * become, and in the store's bytes with what has come. Thread-safe; methods block and throw what
 * {@link FragmentStore}'s do.
 */
public final class ResumableUploads {

  /** Most bytes that come in before they are written. */
  public static final int PART_BYTES = 256 * 1024;

  /** Open uploads of one tenant. */
  static final int MOST_OPEN = 64;

  /** How long an upload waits for its next part. */
  public static final Duration IDLE = Duration.ofHours(1);

  /** Longest life of an upload, however often something comes. */
  static final Duration LIFE = Duration.ofHours(24);

  /** How long the answer to a completed upload can be asked for again. */
  static final Duration ANSWER_KEPT = Duration.ofMinutes(10);

  /** A part that nobody removes is forgotten by Redis after every life that an upload may have. */
  private static final Duration PART_LIFE = LIFE.plus(IDLE);

  /** Parts beyond those of full size: each break and each request may leave a shorter one. */
  private static final int SHORT_PARTS = 1024;

  private static final int ID_BYTES = 16;

  /** Uploads that are ended at a time once their life is over. */
  private static final int MOST_EXPIRED = 256;

  /** What puts the payload of an upload and ends the upload, both or neither. */
  interface Completion {
    FragmentStore.Stored put(
        String tenant,
        FragmentKey key,
        FragmentMeta meta,
        @Nullable ContentDigest claimed,
        Payload body,
        UploadHold upload);
  }

  private final SecureRandom random = new SecureRandom();
  private final UploadRecords records;
  private final Bodies bodies;
  private final Tenants tenants;
  private final RedisRoom room;
  private final MemoryTier memory;
  private final Completion completion;
  private final StoreMeters meters;

  ResumableUploads(
      UploadRecords records,
      Bodies bodies,
      Tenants tenants,
      RedisRoom room,
      MemoryTier memory,
      StoreMeters meters,
      Completion completion) {
    this.records = records;
    this.bodies = bodies;
    this.tenants = tenants;
    this.room = room;
    this.memory = memory;
    this.meters = meters;
    this.completion = completion;
  }

  /**
   * Begins an upload.
   *
   * @param claimed digest of the whole, or null
   * @param length bytes of the whole, or null if that is not known yet
   * @param maxBytes most bytes that a fragment may have
   * @throws MembraneException {@link ErrorCode#IMPOSSIBLE_REQUEST}, {@link ErrorCode#TOO_LARGE},
   *     {@link ErrorCode#QUOTA_EXCEEDED}
   */
  public UploadWriter begin(
      String tenant,
      FragmentKey key,
      FragmentMeta meta,
      @Nullable ContentDigest claimed,
      @Nullable Long length,
      long maxBytes) {
    if (length != null) {
      if (length > maxBytes) {
        throw UploadWriter.tooLarge(maxBytes);
      }
      PutRules.check(meta, length);
    }
    String id = token();
    UploadState.Open begun =
        new UploadState.Open(
            new UploadState.Progress(0, length, IDLE),
            tenant,
            token(),
            length == null ? maxBytes : length,
            key,
            meta,
            claimed);
    records.begin(id, begun, tenants.policy(tenant));
    return new UploadWriter(this, id, begun);
  }

  /** What is known of an upload, or null if this tenant has none; ends whoever writes it. */
  public @Nullable UploadState look(String tenant, String id) {
    return records.hold(tenant, id, "", null, null);
  }

  /**
   * As {@link #look}, for a request that will write: see {@link #writer}.
   *
   * @param offset at which it will write
   * @param length bytes of the whole, or null if the request does not say
   */
  public @Nullable UploadState resume(
      String tenant, String id, long offset, @Nullable Long length) {
    return records.hold(tenant, id, token(), offset, length);
  }

  /** Writes an upload that was resumed. */
  public UploadWriter writer(String id, UploadState.Open resumed) {
    return new UploadWriter(this, id, resumed);
  }

  /** Ends an upload; does nothing if this tenant has none. */
  public void cancel(String tenant, String id) {
    unlink(records.cancel(tenant, id));
  }

  /** Ends the uploads whose life is over. */
  void expire() {
    UploadRecords.Freed freed = records.expire();
    for (int i = 1; freed != null && i < MOST_EXPIRED; i++) {
      unlink(freed);
      freed = records.expire();
    }
    unlink(freed);
  }

  void append(UploadHold hold, UploadState.Open upload, long offset, Payload body) {
    UploadPart part = new UploadPart(hold.partAt(offset), body.length(), body.digest());
    long footprint = RedisKeys.footprint(body.length());
    boolean mayBeListed = false;
    boolean listed = false;
    try (RedisRoom.Taken taken = room.take(footprint)) {
      taken.write(() -> {
        bodies.writePart(hold.id(), part.name(), body, PART_LIFE);
        return true;
      });
      mayBeListed = true;
      taken.used(records.append(hold, offset, part, footprint, mostParts(upload.limit())));
      listed = true;
    } catch (MembraneException e) {
      mayBeListed &= e.code().status() == ErrorCode.DEPENDENCY_UNAVAILABLE.status();
      throw e;
    } finally {
      if (!listed && !mayBeListed) {
        bodies.unlinkParts(hold.id(), List.of(part.name()));
      }
    }
  }

  private static long mostParts(long limit) {
    return limit / PART_BYTES + SHORT_PARTS;
  }

  FragmentStore.Stored complete(
      UploadHold hold, UploadState.Open upload, long bytes, @Nullable ContentDigest claimed) {
    List<UploadPart> parts = records.parts(hold.id());
    if (parts.stream().mapToLong(UploadPart::bytes).sum() != bytes) {
      throw UploadHold.taken();
    }
    try (Payload body = read(hold.id(), parts, bytes)) {
      FragmentStore.Stored stored =
          completion.put(upload.tenant(), upload.key(), upload.meta(), claimed, body, hold);
      bodies.unlinkParts(hold.id(), parts.stream().map(UploadPart::name).toList());
      return stored;
    }
  }

  /** The bytes, whole; stays in memory until it is closed. */
  private Payload read(String id, List<UploadPart> parts, long bytes) {
    try (Claim claim = memory.claim(bytes)) {
      for (UploadPart part : parts) {
        if (bodies.readPart(id, part.name(), claim) != part.bytes()) {
          throw lost();
        }
      }
      Payload body = claim.commit();
      if (!isWhole(body, parts)) {
        body.close();
        throw lost();
      }
      return body;
    }
  }

  private static boolean isWhole(Payload body, List<UploadPart> parts) {
    ContentDigester digester = new ContentDigester();
    long at = 0;
    for (UploadPart part : parts) {
      body.forEach(at, part.bytes(), digester::add);
      if (!digester.digest().equals(part.digest())) {
        return false;
      }
      at += part.bytes();
    }
    return true;
  }

  private MembraneException lost() {
    meters.corrupt();
    return new MembraneException(
        ErrorCode.NOT_FOUND, "Redis has lost or damaged a part of this upload; begin again");
  }

  /** Ends an upload with an error; what asks for it again hears the error again. */
  void fail(UploadHold hold, UploadState.Open upload, MembraneException error) {
    unlink(records.fail(hold, upload.tenant(), error));
  }

  private void unlink(UploadRecords.@Nullable Freed freed) {
    if (freed != null) {
      bodies.unlinkParts(freed.id(), freed.parts());
    }
  }

  /** 128 random bits. */
  private String token() {
    byte[] bits = new byte[ID_BYTES];
    random.nextBytes(bits);
    return HexFormat.of().formatHex(bits);
  }
}
