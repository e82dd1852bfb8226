package io.membrane.fragment.inventory;

import io.membrane.block.FragmentKey;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What one node says to a {@link Question}; a long answer ends early and is asked for its rest. */
sealed interface Answer {

  /** The whole digests are equal. */
  record Equal() implements Answer {}

  /** Of the first ranges that were asked about, the marks of all their parts. */
  record Digests(List<Long> marks) implements Answer {

    public Digests {
      marks = List.copyOf(marks);
    }
  }

  /**
   * Of the first ranges that were asked about, the marks of their entries.
   *
   * @param sections one for each range, not empty; the last may end early
   * @param last the key after which the answer ends early, or null if nothing is left
   */
  record Marks(List<long[]> sections, @Nullable FragmentKey last) implements Answer {

    public Marks {
      sections = List.copyOf(sections);
      if (sections.isEmpty()) {
        throw new IllegalArgumentException("an answer has marks for at least one range");
      }
    }
  }

  /**
   * The entries that were asked for, in order.
   *
   * @param entries each {@value Entry#BYTES} bytes
   * @param last as in {@link Marks}; behind all entries
   */
  record Entries(List<byte[]> entries, @Nullable FragmentKey last) implements Answer {

    public Entries {
      entries = List.copyOf(entries);
    }
  }
}
