package io.membrane.block;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Computes a {@link ContentDigest} of bytes that come in pieces. For one thread at a time. */
public final class ContentDigester {

  private final MessageDigest sha;

  public ContentDigester() {
    try {
      sha = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Adds the remaining bytes; the buffer's position is left alone. */
  public void add(ByteBuffer piece) {
    sha.update(piece.duplicate());
  }

  /** Digest of all that was added since the start or the last digest. */
  public ContentDigest digest() {
    return new ContentDigest(HexFormat.of().formatHex(sha.digest()));
  }
}
