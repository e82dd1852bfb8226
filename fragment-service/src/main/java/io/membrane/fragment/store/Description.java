package io.membrane.fragment.store;

import io.membrane.block.ContentDigest;
import io.membrane.wire.FragmentClient.FragmentMeta;
import org.jspecify.annotations.Nullable;

/**
 * Everything about a stored payload but its bytes.
 *
 * @param meta of a fragment, as given with its first put but for its life; null for other payloads
 * @param bytes length of the payload
 * @param zstdBytes length of its compressed form, fewer, if that is what lay in Redis when this was
 *     learnt; null if it lay there as it is. Another put of equal bytes may have changed that.
 * @param expiresAtMs Unix time of Redis' clock at which it ends, or null if it has no end
 * @param priorityClass 0 to 7; what is of a lower class goes first
 * @param logPosition log entry that tells of it, or null if the log does not
 */
public record Description(
    Name name,
    @Nullable FragmentMeta meta,
    ContentDigest digest,
    long bytes,
    @Nullable Long zstdBytes,
    @Nullable Long expiresAtMs,
    int priorityClass,
    @Nullable String logPosition) {

  /** Whether its life is over. */
  boolean hasEnded(long nowMs) {
    return expiresAtMs != null && expiresAtMs <= nowMs;
  }

  /**
   * Whole seconds of life that are left, at least 1; null without an end.
   *
   * @param nowMs Unix time
   */
  public @Nullable Long secondsLeft(long nowMs) {
    return expiresAtMs == null ? null : Math.max(1, Math.ceilDiv(expiresAtMs - nowMs, 1000L));
  }
}
