package io.membrane.fragment.inventory;

import io.membrane.block.FragmentKey;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a {@link Reconciliation} has yet to ask about; ranges of equal depth, ascending. */
sealed interface Work {

  List<Range> ranges();

  /** Compare digests of the 2^{@code bits} parts of each range. */
  record Compare(List<Range> ranges, int bits) implements Work {}

  /**
   * Compare marks of entries.
   *
   * @param from where to go on in the first range, or null
   */
  record Match(List<Range> ranges, @Nullable FragmentKey from) implements Work {}

  /**
   * Get entries.
   *
   * @param lacks what of each range
   * @param from where to go on in the first range, or null
   * @param to where to end in the last range, or null
   */
  record Fetch(List<Lack> lacks, @Nullable FragmentKey from, @Nullable FragmentKey to)
      implements Work {

    @Override
    public List<Range> ranges() {
      return lacks.stream().map(Lack::range).toList();
    }

    /** The first lacks, as many as a question should name, and the rest of them if any. */
    List<Fetch> cut(int mostRanges, int mostMarks) {
      int marks = 0;
      int n = 0;
      while (n < lacks.size() && n < mostRanges && (n == 0 || marks <= mostMarks)) {
        marks += lacks.get(n++).wanted().length;
      }
      return n == lacks.size()
          ? List.of(this)
          : List.of(
              new Fetch(lacks.subList(0, n), from, null),
              new Fetch(lacks.subList(n, lacks.size()), null, to));
    }
  }

  /** What is not here of one range, and entries of it that are here and perhaps not there. */
  final class Lack {

    private final Range range;
    private final long[] wanted;
    private final List<byte[]> suspects;
    private final Set<FragmentKey> met = new HashSet<>();

    /**
     * A lack.
     *
     * @param wanted marks, or none for all
     * @param suspects entries whose marks the other does not have
     */
    Lack(Range range, long[] wanted, List<byte[]> suspects) {
      this.range = range;
      this.wanted = wanted;
      this.suspects = new ArrayList<>(suspects);
    }

    Range range() {
      return range;
    }

    long[] wanted() {
      return wanted;
    }

    /** Notes that the other has this key with another digest. */
    void meet(FragmentKey key) {
      if (!suspects.isEmpty()) {
        met.add(key);
      }
    }

    /** The suspects whose keys were not met. */
    List<byte[]> absent() {
      return suspects.stream().filter(e -> !met.contains(Entry.key(e, Entry.WIRE_AT))).toList();
    }
  }
}
