package io.membrane.fragment.offheap;

import com.sun.management.OperatingSystemMXBean;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.stream.IntStream;

/**
 * The memory itself: a few segments in one arena, all there from the start.
 *
 * <p>Every page is touched before the constructor returns, by all cores at once. Memory that is
 * missing shows when the service starts, not when a fleet depends on it, and no request ever pays
 * for a page fault. The arena is outside the limit of {@code -XX:MaxDirectMemorySize}.
 */
final class Memory {

  /** What can be had at a time: one page, and the smallest block. */
  static final int UNIT_BYTES = 4096;

  private final int unitsPerSegment;
  private final Arena arena = Arena.ofShared();
  private final ByteBuffer[] segments;
  private final ByteBuffer[] readOnly;

  /**
   * @param unitsPerSegment a power of two, at most 2<sup>18</sup>: a buffer has less than 2 GiB
   * @throws IllegalStateException if there is not so much memory
   */
  Memory(int units, int unitsPerSegment) {
    this.unitsPerSegment = unitsPerSegment;
    int count = (int) (((long) units + unitsPerSegment - 1) / unitsPerSegment);
    long bytes = (long) units * UNIT_BYTES;
    checkMachineHas(bytes);
    segments = new ByteBuffer[count];
    readOnly = new ByteBuffer[count];
    try {
      IntStream.range(0, count)
          .parallel()
          .forEach(i -> allocate(i, Math.min(unitsPerSegment, units - i * unitsPerSegment)));
    } catch (OutOfMemoryError e) {
      arena.close();
      throw new IllegalStateException(
          "the operating system does not give %d bytes of memory for payloads; configure less"
              .formatted(bytes),
          e);
    }
  }

  /** What is more than the container or machine has would be killed, without a word, later. */
  private static void checkMachineHas(long bytes) {
    if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
      long total = system.getTotalMemorySize();
      long heap = Runtime.getRuntime().maxMemory();
      if (total > 0 && bytes > total - heap) {
        throw new IllegalStateException(
            "%d bytes for payloads and %d of heap do not fit into this machine's or container's %d;"
                    .formatted(bytes, heap, total)
                + " configure less, a smaller heap (-Xmx) or a larger container");
      }
    }
  }

  private void allocate(int segment, int units) {
    ByteBuffer memory = arena.allocate((long) units * UNIT_BYTES, UNIT_BYTES).asByteBuffer();
    segments[segment] = memory;
    readOnly[segment] = memory.asReadOnlyBuffer();
  }

  /** A buffer over {@code length} bytes from byte {@code offset} of a run, within its segment. */
  ByteBuffer writable(int start, long offset, int length) {
    return segments[start / unitsPerSegment].slice(position(start, offset), length);
  }

  /** The same, read-only. */
  ByteBuffer readable(int start, long offset, int length) {
    return readOnly[start / unitsPerSegment].slice(position(start, offset), length);
  }

  private int position(int start, long offset) {
    return (int) ((long) (start & (unitsPerSegment - 1)) * UNIT_BYTES + offset);
  }

  /** Gives the memory back to the operating system; no buffer can be used from now on. */
  void close() {
    arena.close();
  }
}
