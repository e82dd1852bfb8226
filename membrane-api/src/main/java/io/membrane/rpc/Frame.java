package io.membrane.rpc;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.wire.FragmentClient.FragmentMeta;
import org.jspecify.annotations.Nullable;

/**
 * One fragment, or what became of it, in an {@code application/vnd.membrane.frames} body.
 *
 * @param status HTTP status that the same call for this fragment alone would have had
 * @param header what is known besides the bytes
 * @param body payload, empty if there is none; owned by the frame, not copied
 */
@SuppressWarnings("ArrayRecordComponent") // a payload is passed on, never compared
public record Frame(int status, Header header, byte[] body) {

  /** Media type of a body of frames. */
  public static final String MEDIA_TYPE = "application/vnd.membrane.frames";

  /**
   * What a frame says besides its bytes.
   *
   * @param key the fragment
   * @param meta its metadata, where the frame carries or stores a payload
   * @param digest digest of the payload
   * @param problem why it failed
   * @param logPosition event-log position at which the directory knows of the fragment
   */
  public record Header(
      FragmentKey key,
      @Nullable FragmentMeta meta,
      @Nullable ContentDigest digest,
      @Nullable Problem problem,
      @Nullable String logPosition) {}

  private static final byte[] NO_BODY = {};

  /** A frame that carries a payload. */
  public static Frame payload(
      int status, FragmentKey key, FragmentMeta meta, ContentDigest digest, byte[] body) {
    return new Frame(status, new Header(key, meta, digest, null, null), body);
  }

  /** A frame that says that a payload was taken. */
  public static Frame stored(
      int status, FragmentKey key, ContentDigest digest, @Nullable String logPosition) {
    return new Frame(status, new Header(key, null, digest, null, logPosition), NO_BODY);
  }

  /** A frame that says why there is no payload. */
  public static Frame failed(FragmentKey key, Problem problem) {
    return new Frame(problem.status(), new Header(key, null, null, problem, null), NO_BODY);
  }
}
