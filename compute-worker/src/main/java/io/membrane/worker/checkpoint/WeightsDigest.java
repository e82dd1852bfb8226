package io.membrane.worker.checkpoint;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/** Names weights by their content. */
final class WeightsDigest {

  /** 48 bits: enough to tell the revisions of one model apart. */
  private static final int LETTERS = 12;

  private static final long PART = 1L << 26;

  private WeightsDigest() {}

  static String of(Path config, List<Safetensors> files) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      sha.update(Files.readAllBytes(config));
      files.stream()
          .sorted(Comparator.comparing(Safetensors::path))
          .forEach(file -> update(sha, file.bytes()));
      return HexFormat.of().formatHex(sha.digest()).substring(0, LETTERS);
    } catch (IOException e) {
      throw new BadModelException(config + " cannot be read: " + e.getMessage(), e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void update(MessageDigest sha, MemorySegment bytes) {
    for (long at = 0; at < bytes.byteSize(); at += PART) {
      sha.update(bytes.asSlice(at, Math.min(PART, bytes.byteSize() - at)).asByteBuffer());
    }
  }
}
