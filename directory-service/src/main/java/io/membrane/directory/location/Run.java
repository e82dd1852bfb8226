package io.membrane.directory.location;

import org.jspecify.annotations.Nullable;

/** A place, a node or a cluster on the way of a {@link Walk} along a chain. For one match. */
final class Run {

  /**
   * Which.
   *
   * @param region null for this one
   * @param node null for a whole cluster
   * @param tier null for a whole node
   */
  record Group(
      @Nullable String region, String cluster, @Nullable String node, @Nullable String tier) {}

  final Group group;
  final @Nullable Run wider;
  int usable;
  private final long[] there;
  int block = -1;
  int attention;
  int state;
  boolean isGoing;

  Run(Group group, @Nullable Run wider, int needs, boolean isGoing) {
    this.group = group;
    this.wider = wider;
    this.there = new long[(needs + 63) / 64];
    this.isGoing = isGoing;
  }

  /**
   * A block has a needed slice here; attention slices are numbered first.
   *
   * @return whether what is wider than this may not have it yet
   */
  boolean add(int at, int need, int attentionNeeded) {
    if (at != block) {
      block = at;
      attention = 0;
      state = 0;
      for (int i = 0; i < there.length; i++) {
        there[i] = 0;
      }
    }
    long bit = 1L << need;
    if (!isGoing) {
      return true;
    }
    if ((there[need >> 6] & bit) != 0) {
      return false;
    }
    there[need >> 6] |= bit;
    if (need < attentionNeeded) {
      attention++;
    } else {
      state++;
    }
    return true;
  }
}
