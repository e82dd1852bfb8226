package io.membrane.fragment;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;

/** What work puts on the heap. */
final class HeapUse {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int RUNS = 5;

  private HeapUse() {}

  /** Work that reads or writes. */
  interface Work {
    void run() throws IOException;
  }

  /**
   * Bytes that all threads allocate while this runs: the least of some runs, as other tests'
   * services, and the compiler, go on beside it.
   */
  static long of(Work work) throws IOException {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < RUNS; i++) {
      long before = THREADS.getTotalThreadAllocatedBytes();
      work.run();
      least = Math.min(least, THREADS.getTotalThreadAllocatedBytes() - before);
    }
    return least;
  }
}
