package io.membrane.fragment.inventory;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** SHA-256 of this platform. */
final class Sha256 {

  static final int BYTES = 32;

  private Sha256() {}

  /** A new digest, for one thread at a time. */
  static MessageDigest start() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
