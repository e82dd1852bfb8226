package io.membrane.worker.fetch;

import io.membrane.rpc.Frame;

/** What a frame is worth. */
@FunctionalInterface
public interface FrameCheck {

  /** What is to be done about a frame's block. */
  enum Verdict {
    /** Its bytes are used. */
    USABLE,
    /** The bytes were damaged on their way: asking again may help. */
    DAMAGED,
    /** The store has nothing that can be used. */
    MISSING
  }

  /** Looks at the answer for block {@code index}. */
  Verdict of(int index, Frame frame);
}
