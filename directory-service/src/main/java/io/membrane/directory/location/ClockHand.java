package io.membrane.directory.location;

/**
 * Which blocks go when there are too many.
 *
 * <p>Goal: prefixes that are used stay whole. Constraints: a bounded number of looks for a block
 * that comes, and no list to keep in order.
 *
 * <p>Algorithm: while one block of {@value #MUCH_GONE} is gone, as after a node's restart, a hand
 * of its own finds chains that are gone. Else a hand goes round over the records, at most {@value
 * #LOOKS} looks for one victim. Ended locations go in passing. It takes the first leaf that is gone
 * or has no uses left, else the block looked at with the fewest uses, the oldest of them; each look
 * halves the uses. A parent that went would make its children unreachable, so from a block with
 * children it goes down to a leaf, always by the oldest child; the parent of a victim is the next
 * victim unless it is used more, so a chain goes from its end to its beginning at a look a block.
 * Writer only.
 */
final class ClockHand {

  private static final int LOOKS = 64;
  private static final int STEPS_DOWN = 4096;

  /** Looks for a block that is gone, while one of so many is. */
  private static final int GONE_LOOKS = 256;

  private static final int MUCH_GONE = 16;

  /** Half of what 13 bits hold: older than that counts as that old. */
  private static final int MAX_AGE = 1 << 12;

  private static final int AGE_MASK = 2 * MAX_AGE - 1;

  private final BlockTable table;
  private final Records records;
  private int hand;
  private int goneHand;
  private int swept;
  private int trail;
  private int trailUses;

  ClockHand(BlockTable table) {
    this.table = table;
    this.records = table.records;
  }

  /** The coarse time of uses: units of 128 s. */
  static int age(int nowSeconds) {
    return nowSeconds >>> 7 & AGE_MASK;
  }

  /**
   * Takes a block out.
   *
   * @param keep block that stays, or 0
   * @return whether there was one to take
   */
  boolean takeOne(int keep, int nowSeconds) {
    int victim = victim(keep, nowSeconds);
    if (victim == 0) {
      return false;
    }
    trail = records.parent(victim);
    trailUses = Math.max(1, records.uses(victim));
    table.remove(victim);
    return true;
  }

  private int victim(int keep, int nowSeconds) {
    if (trail != 0 && trail != keep && isIdleLeaf(trail, trailUses, nowSeconds)) {
      return trail;
    }
    int gone = isMuchGone() ? goneVictim(keep, nowSeconds) : 0;
    return gone != 0 ? gone : leastUsed(keep, nowSeconds);
  }

  private boolean isMuchGone() {
    long ended = table.locations() - table.places.live();
    return (table.gone() + ended) * MUCH_GONE > table.present();
  }

  /** The end of the next chain that is gone; 0 if none is near, or the chain's end lives. */
  private int goneVictim(int keep, int nowSeconds) {
    int ids = table.highestId();
    for (int looks = 0; looks < GONE_LOOKS; looks++) {
      goneHand = goneHand < ids ? goneHand + 1 : 1;
      if (isGone(goneHand, nowSeconds)) {
        int leaf = leafBelow(goneHand, keep);
        if (records.firstChild(leaf) != 0) {
          goneHand = leaf;
          return 0;
        }
        return leaf != keep && isGone(leaf, nowSeconds) ? leaf : 0;
      }
    }
    return 0;
  }

  private boolean isGone(int id, int nowSeconds) {
    if (table.isFree(id)) {
      return false;
    }
    table.dropEnded(id, nowSeconds);
    return table.isGone(id);
  }

  private int leastUsed(int keep, int nowSeconds) {
    int best = 0;
    int bestRank = Integer.MAX_VALUE;
    int ids = table.highestId();
    for (int looks = 0, passed = 0; looks < LOOKS && passed < ids; passed++) {
      hand = hand < ids ? hand + 1 : 1;
      if (hand == keep || table.isFree(hand)) {
        continue;
      }
      looks++;
      if (isIdleLeaf(hand, 0, nowSeconds)) {
        return hand;
      }
      int rank = records.uses(hand) * (MAX_AGE + 1) - elapsed(hand, nowSeconds);
      if (rank < bestRank) {
        bestRank = rank;
        best = hand;
      }
      records.setUse(hand, records.age(hand), records.uses(hand) / 2);
    }
    return best == 0 ? 0 : leafBelow(best, keep);
  }

  private boolean isIdleLeaf(int id, int maxUses, int nowSeconds) {
    if (table.isFree(id) || records.firstChild(id) != 0) {
      return false;
    }
    table.dropEnded(id, nowSeconds);
    return table.isGone(id) || records.uses(id) <= maxUses;
  }

  /** The leaf at the end of the oldest branch; the block itself if that leaf is to stay. */
  private int leafBelow(int id, int keep) {
    int leaf = id;
    for (int step = 0; step < STEPS_DOWN && records.firstChild(leaf) != 0; step++) {
      leaf = records.previous(records.firstChild(leaf));
    }
    return leaf == keep ? id : leaf;
  }

  private int elapsed(int id, int nowSeconds) {
    return Math.min(MAX_AGE, age(nowSeconds) - records.age(id) & AGE_MASK);
  }

  /** Looks at so many records, from where it stopped before, for locations that have ended. */
  void sweep(int count, int nowSeconds) {
    int ids = table.highestId();
    for (int i = Math.min(count, ids); i > 0; i--) {
      swept = swept < ids ? swept + 1 : 1;
      if (!table.isFree(swept)) {
        table.dropEnded(swept, nowSeconds);
        if (elapsed(swept, nowSeconds) == MAX_AGE) {
          int oldest = age(nowSeconds) - MAX_AGE & AGE_MASK;
          records.setUse(swept, oldest, records.uses(swept));
        }
      }
    }
  }
}
