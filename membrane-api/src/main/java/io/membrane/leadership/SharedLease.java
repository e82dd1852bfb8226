package io.membrane.leadership;

import java.io.IOException;
import java.time.Duration;

/**
 * A lease that at most one holder has at a time. Blocks; a call that fails may have been carried
 * out.
 */
interface SharedLease {

  /**
   * Takes the lease if nobody has it, or renews one's own.
   *
   * @param holder unlike that of any other process
   * @param length for which nobody else gets it, at least, counted from the beginning of the call
   * @return whether it is the holder's
   * @throws IOException if that is not known
   */
  boolean hold(String holder, Duration length) throws IOException;

  /** Gives it back, if the holder has it. */
  void release(String holder) throws IOException;
}
