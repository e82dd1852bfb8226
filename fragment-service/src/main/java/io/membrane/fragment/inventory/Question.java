package io.membrane.fragment.inventory;

import io.membrane.block.FragmentKey;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What one node asks of another. */
sealed interface Question {

  /** The least and the most bytes that an answer may be asked for. */
  int MIN_LIMIT = 4 << 10;

  int MAX_LIMIT = 4 << 20;

  /** An answer holds a section's length for every range, which takes at most this part of it. */
  int BYTES_PER_RANGE = 16;

  Head head();

  /**
   * What every question has.
   *
   * @param limit bytes, about, that the answer may have
   * @param ranges what is asked about: at least one, of equal depth, ascending
   */
  record Head(Nonce nonce, int limit, List<Range> ranges) {

    public Head {
      ranges = List.copyOf(ranges);
      if (limit < MIN_LIMIT || limit > MAX_LIMIT) {
        throw new IllegalArgumentException(
            "the limit of an answer is %d to %d bytes, not %d"
                .formatted(MIN_LIMIT, MAX_LIMIT, limit));
      }
      if (ranges.isEmpty() || ranges.size() > mostRanges(limit)) {
        throw new IllegalArgumentException(
            "with a limit of %d bytes a question has 1 to %d ranges, not %d"
                .formatted(limit, mostRanges(limit), ranges.size()));
      }
      for (int i = 1; i < ranges.size(); i++) {
        Range previous = ranges.get(i - 1);
        Range range = ranges.get(i);
        if (previous.depth() != range.depth()
            || Long.compareUnsigned(previous.prefix(), range.prefix()) >= 0) {
          throw new IllegalArgumentException("the ranges of a question ascend in equal steps");
        }
      }
    }

    int depth() {
      return ranges.getFirst().depth();
    }

    static int mostRanges(int limit) {
      return limit / BYTES_PER_RANGE;
    }
  }

  /**
   * Asks for the marks of the digests of the 2^{@code bits} parts of each range.
   *
   * @param unless the asker's whole digest: if the other's is equal, it says no more than that
   */
  record Digests(Head head, int bits, @Nullable InventoryDigest unless) implements Question {

    public Digests {
      int depth = head.depth() + bits;
      if (bits < 0 || depth < Inventory.STRIPE_BITS || depth > Range.MAX_DEPTH) {
        throw new IllegalArgumentException(
            "parts have %d to 64 bits, not %d + %d"
                .formatted(Inventory.STRIPE_BITS, head.depth(), bits));
      }
      if (mostRanges(head.limit(), bits) < 1) {
        throw new IllegalArgumentException(
            "2^%d marks do not go into %d bytes".formatted(bits, head.limit()));
      }
    }

    /** How many ranges in 2^{@code bits} parts an answer can hold. */
    static int mostRanges(int limit, int bits) {
      return bits > Integer.SIZE - 2 ? 0 : (limit / Marker.BYTES) >>> bits;
    }
  }

  /**
   * Asks for the marks of all entries.
   *
   * @param from in the first range only what is behind this key; null for all
   */
  record Marks(Head head, @Nullable FragmentKey from) implements Question {

    /** How many marks an answer can hold beside a length for every range. */
    static int most(int limit) {
      return limit / 2 / Marker.BYTES;
    }
  }

  /**
   * Asks for entries.
   *
   * @param from in the first range only what is behind this key; null for all
   * @param to in the last range nothing behind this key; null for all
   * @param wanted for each range the marks of those that are asked for; none for all
   */
  record Entries(
      Head head, @Nullable FragmentKey from, @Nullable FragmentKey to, List<long[]> wanted)
      implements Question {

    public Entries {
      wanted = List.copyOf(wanted);
      if (wanted.size() != head.ranges().size()) {
        throw new IllegalArgumentException("every range says which of its entries are wanted");
      }
    }

    static int most(int limit) {
      return limit / Entry.WIRE_BYTES;
    }
  }
}
