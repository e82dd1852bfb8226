package io.membrane.benchmarks.fragment;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.stream.Stream;

/** What one core of this machine can do at best, by its processor time: others do not count. */
final class Machine {

  private static final int PIECE = 64 << 20;
  private static final int DIGESTED = 1 << 20;
  private static final Duration WARM_UP = Duration.ofMillis(300);
  private static final Duration TURN = Duration.ofMillis(700);

  private static final ThreadMXBean CLOCK = ManagementFactory.getThreadMXBean();

  private Machine() {}

  /** Processors and their name. */
  static String name() {
    int processors = Runtime.getRuntime().availableProcessors();
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return processors
          + " × "
          + lines
              .filter(line -> line.startsWith("model name"))
              .findFirst()
              .map(line -> line.substring(line.indexOf(':') + 1).strip())
              .orElse("processor");
    } catch (IOException e) {
      return processors + " processors";
    }
  }

  /** Copying between two direct buffers larger than the caches, GB/s. */
  static double copying() {
    ByteBuffer from = ByteBuffer.allocateDirect(PIECE);
    ByteBuffer to = ByteBuffer.allocateDirect(PIECE);
    return gigabytesPerSecond(PIECE, () -> to.put(0, from, 0, PIECE));
  }

  /** SHA-256 of one piece of 1 MiB on the heap, GB/s. */
  static double digesting() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] piece = new byte[DIGESTED];
      return gigabytesPerSecond(DIGESTED, () -> digest.digest(piece));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static double gigabytesPerSecond(long bytes, Runnable work) {
    repeat(WARM_UP, work);
    long start = CLOCK.getCurrentThreadCpuTime();
    long times = repeat(TURN, work);
    return times * bytes / (double) (CLOCK.getCurrentThreadCpuTime() - start);
  }

  private static long repeat(Duration duration, Runnable work) {
    long end = System.nanoTime() + duration.toNanos();
    long times = 0;
    while (System.nanoTime() < end) {
      work.run();
      times++;
    }
    return times;
  }
}
