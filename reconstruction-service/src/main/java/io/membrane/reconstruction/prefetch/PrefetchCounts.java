package io.membrane.reconstruction.prefetch;

import java.util.concurrent.atomic.LongAdder;

/** What was asked to be brought into memory for one reason, and what was not. Thread-safe. */
public final class PrefetchCounts {

  private final LongAdder blocks = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private final LongAdder leftOut = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder untold = new LongAdder();

  void asked(int count, long ofBytes) {
    blocks.add(count);
    bytes.add(ofBytes);
  }

  void leftOut(int count) {
    leftOut.add(count);
  }

  void failed(int count) {
    failed.add(count);
  }

  void untold(int count) {
    untold.add(count);
  }

  /** Blocks that fragment-service was asked to bring into memory. */
  public long blocks() {
    return blocks.sum();
  }

  /** What those take, by the size of one, and the states at their ends. */
  public long bytes() {
    return bytes.sum();
  }

  /** Blocks that were not asked for since there were too many bytes a second. */
  public long leftOut() {
    return leftOut.sum();
  }

  /**
   * Turns or prompts for which nothing could be asked: too many at once, no time left, or a
   * failure.
   */
  public long failed() {
    return failed.sum();
  }

  /** Contexts, or meanings of blocks, that the directory was not told, for the same reasons. */
  public long untold() {
    return untold.sum();
  }
}
