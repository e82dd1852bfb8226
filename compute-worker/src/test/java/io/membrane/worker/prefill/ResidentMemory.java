package io.membrane.worker.prefill;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Memory of this process as Linux counts it. */
final class ResidentMemory {

  private static final Path RESET = Path.of("/proc/self/clear_refs");

  private ResidentMemory() {}

  static boolean isKnown() {
    return Files.isWritable(RESET);
  }

  /** Forgets the peak: from now on it is what is resident. */
  static void resetPeak() {
    try {
      Files.writeString(RESET, "5");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Bytes that are resident. */
  static long now() {
    return bytes("VmRSS:");
  }

  /** Most bytes that were resident at once. */
  static long peak() {
    return bytes("VmHWM:");
  }

  private static long bytes(String field) {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith(field))
          .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
