package io.membrane.reconstruction.prefetch;

import java.util.concurrent.atomic.LongAdder;

/** What was brought into memory since it is similar to what a prompt has. Thread-safe. */
public final class SimilarCounts {

  private final LongAdder blocks = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private final LongAdder leftOut = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder untold = new LongAdder();

  void asked(int count, long bytesEach) {
    blocks.add(count);
    bytes.add(count * bytesEach);
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

  /** What those take, by the size of one. */
  public long bytes() {
    return bytes.sum();
  }

  /** Blocks that were not asked for since there were too many bytes a second. */
  public long leftOut() {
    return leftOut.sum();
  }

  /** Prompts for which nothing could be asked: too many at once, no time left, or a failure. */
  public long failed() {
    return failed.sum();
  }

  /** Blocks that the directory was not told the meaning of. */
  public long untold() {
    return untold.sum();
  }
}
