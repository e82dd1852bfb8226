package io.membrane.fragment.offheap;

import java.util.concurrent.ArrayBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Small heap arrays between streams and the memory, used again and again. Keeps no more than {@link
 * #KEPT}; who finds none makes one. Thread-safe.
 */
final class TransferBuffers {

  /** Large enough that the calls do not count, small enough for a core's cache. */
  static final int BYTES = 64 * 1024;

  private static final int KEPT = 32;

  private final ArrayBlockingQueue<byte[]> idle = new ArrayBlockingQueue<>(KEPT);

  byte[] take() {
    byte @Nullable [] buffer = idle.poll();
    return buffer == null ? new byte[BYTES] : buffer;
  }

  void giveBack(byte[] buffer) {
    var _ = idle.offer(buffer);
  }
}
