package io.membrane.directory.location;

import io.membrane.block.Slice;

/**
 * A fragment at a place.
 *
 * @param expiresAtMs Unix time from which it is gone; {@link #NEVER} if it has no end
 */
record Copy(Place place, Slice slice, long bytes, long expiresAtMs) {

  static final long NEVER = Long.MAX_VALUE;

  boolean isThere(long nowMs) {
    return nowMs < expiresAtMs;
  }
}
