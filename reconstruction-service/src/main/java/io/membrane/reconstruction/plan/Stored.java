package io.membrane.reconstruction.plan;

import io.membrane.wire.DirectoryClient.Match;
import java.util.List;

/**
 * How much of a prompt is stored.
 *
 * @param matches the longest leading run of blocks at each place, as the directory names it
 * @param present leading blocks whose bytes may be counted on; what the directory names beyond them
 *     is gone
 */
public record Stored(List<Match> matches, int present) {

  public Stored {
    matches = List.copyOf(matches);
    if (present < 0) {
      throw new IllegalArgumentException("present is " + present);
    }
  }

  /** What the directory says, taken at its word. */
  public static Stored named(List<Match> matches) {
    return new Stored(matches, longest(matches));
  }

  /** The same after a look at the bytes: only the first {@code leading} blocks are there. */
  public Stored verified(int leading) {
    return new Stored(matches, Math.min(present, leading));
  }

  /** Leading blocks that the directory names at some place. */
  public int named() {
    return longest(matches);
  }

  /** Leading blocks that can be had from one place, wherever it is. */
  public int anywhere() {
    return Math.min(named(), present);
  }

  /** Leading blocks that {@code cluster} has at one place. */
  public int at(String cluster) {
    return Math.min(
        present, longest(matches.stream().filter(m -> m.cluster().equals(cluster)).toList()));
  }

  private static int longest(List<Match> matches) {
    return matches.stream().mapToInt(Match::matchedBlocks).max().orElse(0);
  }
}
