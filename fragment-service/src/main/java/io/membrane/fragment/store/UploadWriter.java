package io.membrane.fragment.store;

import io.membrane.block.ContentDigest;
import io.membrane.fragment.offheap.Payload;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One request that writes an upload, from the offset at which it took it. For one thread.
 *
 * <p>Once another request has asked for the upload, every method that writes throws {@link
 * ErrorCode#UPLOAD_OFFSET_MISMATCH}; what was appended before stays.
 */
public final class UploadWriter {

  /** What no further request can mend: the bytes are there and are not to be stored. */
  private static final Set<ErrorCode> FINAL =
      EnumSet.of(
          ErrorCode.DIGEST_MISMATCH,
          ErrorCode.IMPOSSIBLE_REQUEST,
          ErrorCode.FRAGMENT_CONFLICT,
          ErrorCode.NOT_FOUND);

  private final ResumableUploads uploads;
  private final UploadHold hold;
  private final UploadState.Open upload;
  private long offset;
  private boolean ended;

  UploadWriter(ResumableUploads uploads, String id, UploadState.Open upload) {
    this.uploads = uploads;
    this.hold = new UploadHold(id, upload.writer());
    this.upload = upload;
    this.offset = upload.progress().offset();
  }

  /** Id of the upload. */
  public String id() {
    return hold.id();
  }

  /** Bytes that are there. */
  public long offset() {
    return offset;
  }

  /** Bytes that may still come. */
  public long room() {
    return upload.limit() - offset;
  }

  /** Bytes of the whole, or null if nobody has said. */
  public @Nullable Long length() {
    return upload.progress().length();
  }

  /** Whether the upload has ended by this request, with a fragment or with an error. */
  public boolean hasEnded() {
    return ended;
  }

  /**
   * Writes the next bytes, {@value ResumableUploads#PART_BYTES} at most; acknowledged once this
   * returns.
   *
   * @param part stays the caller's to close
   * @throws MembraneException {@link ErrorCode#STORAGE_FULL}, {@link ErrorCode#IMPOSSIBLE_REQUEST}
   *     if there have been too many parts
   */
  public void append(Payload part) {
    uploads.append(hold, upload, offset, part);
    offset += part.length();
  }

  /**
   * Makes what has come a fragment.
   *
   * @param digest of the whole, or null if the request does not say
   * @throws MembraneException {@link ErrorCode#UPLOAD_LENGTH_MISMATCH} if more was to come; what
   *     {@link FragmentStore#put} throws: the upload goes on if the same may succeed later
   */
  public FragmentStore.Stored complete(@Nullable ContentDigest digest) {
    Long length = length();
    if (length != null && length != offset) {
      throw new MembraneException(
          ErrorCode.UPLOAD_LENGTH_MISMATCH,
          "the upload has %d bytes and shall have %d; send the rest".formatted(offset, length));
    }
    ContentDigest begun = upload.claimed();
    if (digest != null && begun != null && !digest.equals(begun)) {
      throw end(
          new MembraneException(
              ErrorCode.DIGEST_MISMATCH,
              "the upload began with another Repr-Digest than it ends with; begin again"));
    }
    try {
      FragmentStore.Stored stored =
          uploads.complete(hold, upload, offset, digest == null ? begun : digest);
      ended = true;
      return stored;
    } catch (MembraneException e) {
      throw FINAL.contains(e.code()) ? end(e) : e;
    }
  }

  /** Ends the upload because more has come than it may have; to be thrown. */
  public MembraneException tooLong() {
    return end(tooMuch());
  }

  /**
   * Refuses what would be more than the upload may have, before any of it has come.
   *
   * @throws MembraneException {@link ErrorCode#UPLOAD_LENGTH_MISMATCH} or {@link
   *     ErrorCode#TOO_LARGE}; the upload goes on
   */
  public void requireRoom(long bytes) {
    if (bytes > room()) {
      throw tooMuch();
    }
  }

  private MembraneException tooMuch() {
    return length() == null
        ? tooLarge(upload.limit())
        : new MembraneException(
            ErrorCode.UPLOAD_LENGTH_MISMATCH,
            "the Upload-Length is %d bytes; no more may come".formatted(upload.limit()));
  }

  private MembraneException end(MembraneException error) {
    uploads.fail(hold, upload, error);
    ended = true;
    return error;
  }

  static MembraneException tooLarge(long maxBytes) {
    return new MembraneException(
        ErrorCode.TOO_LARGE,
        "a fragment has at most " + maxBytes + " bytes; store it in slices of fewer layers");
  }
}
