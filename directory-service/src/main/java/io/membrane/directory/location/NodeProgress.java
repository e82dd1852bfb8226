package io.membrane.directory.location;

/**
 * How far the events of a node have come.
 *
 * @param epoch the node's latest epoch
 * @param nextSequence number that its next event has within the epoch; {@code Long.MAX_VALUE} if
 *     the epoch is over
 */
public record NodeProgress(long epoch, long nextSequence) {

  /**
   * Number of the event that ends an epoch, which no node comes to: {@code cleared}, by the
   * directory, of a node that is lost. What the node says in that epoch afterwards is outdated.
   */
  public static final long LAST_SEQUENCE = Long.MAX_VALUE - 1;

  /** Whether the node was lost in this epoch, and has to begin a later one. */
  public boolean isOver() {
    return nextSequence > LAST_SEQUENCE;
  }
}
