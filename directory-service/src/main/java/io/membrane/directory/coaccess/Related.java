package io.membrane.directory.coaccess;

import io.membrane.block.BlockHash;

/**
 * A block that is used with another.
 *
 * @param weight the estimated share of the other's uses that this one goes with, over 0 to 1;
 *     recent uses count more
 */
public record Related(BlockHash block, Kind kind, double weight) {

  /** How two blocks belong together. */
  public enum Kind {
    /** It comes after the other in a context, at once or some blocks later. */
    NEXT,
    /** The same session used it after or before the other, in another branch of its context. */
    TOGETHER
  }
}
