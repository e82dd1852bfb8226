package io.membrane.fragment.inventory;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * Short names for digests and entries, good for one exchange: the first {@value #BYTES} bytes of
 * SHA-256(nonce ‖ value). Nobody who does not know the nonce can make two values share a mark, and
 * two that share one by chance do not share the next. For one thread at a time.
 */
final class Marker {

  static final int BYTES = 6;

  /** Of a part without entries; no other value has it. */
  static final long NOTHING = 0;

  private static final int SHIFT = Long.SIZE - Byte.SIZE * BYTES;

  private final MessageDigest sha = Sha256.start();
  private final byte[] nonce;

  Marker(Nonce nonce) {
    this.nonce = nonce.toBytes();
  }

  /** The mark of a digest from {@link Inventory#digests}. */
  long ofDigest(byte[] digest) {
    return Arrays.equals(digest, Node.NOTHING) ? NOTHING : of(digest, 0, digest.length);
  }

  /** The mark of an entry. */
  long ofEntry(byte[] entry) {
    return of(entry, Entry.WIRE_AT, Entry.WIRE_BYTES);
  }

  private long of(byte[] value, int at, int length) {
    sha.update(nonce);
    sha.update(value, at, length);
    return Math.max(1, ByteBuffer.wrap(sha.digest()).getLong() >>> SHIFT);
  }
}
