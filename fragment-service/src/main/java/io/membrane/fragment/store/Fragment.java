package io.membrane.fragment.store;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.wire.FragmentClient.FragmentMeta;
import org.jspecify.annotations.Nullable;

/**
 * A stored fragment whose bytes have been verified against its digest.
 *
 * @param body the bytes; owned by the fragment, not copied
 */
@SuppressWarnings("ArrayRecordComponent") // a payload is passed on, never compared
public record Fragment(Description description, byte[] body) {

  /**
   * Everything about a fragment but its bytes.
   *
   * @param meta as given with the first put; its life is what is left of it now
   * @param bytes length of the payload
   * @param expiresAtMs Unix time of Redis' clock at which it ends, or null if it has no end
   * @param logPosition log entry that tells of it, or null while it is being announced
   */
  public record Description(
      FragmentKey key,
      FragmentMeta meta,
      ContentDigest digest,
      long bytes,
      @Nullable Long expiresAtMs,
      @Nullable String logPosition) {}
}
