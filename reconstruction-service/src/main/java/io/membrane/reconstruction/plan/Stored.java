package io.membrane.reconstruction.plan;

import io.membrane.wire.DirectoryClient.Place;
import io.membrane.wire.MatchResponse.Match;
import io.membrane.wire.Miss;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How much of a prompt is stored where its bytes can be fetched from: the directory also names
 * places that nobody can read from here, such as an engine's GPU or a store of another region.
 *
 * @param matches the longest leading run of blocks at each such place, as the directory names it
 * @param present leading blocks whose bytes may be counted on; what the directory names beyond them
 *     is gone
 * @param end why the directory names no more than it does, in words; null if it does not say
 */
public record Stored(List<Match> matches, int present, @Nullable String end) {

  /** Tiers of fragment-service; every other is an engine's own. */
  private static final Set<String> FETCHED_FROM = Set.of("redis", "memory");

  public Stored {
    matches = List.copyOf(matches);
    if (present < 0) {
      throw new IllegalArgumentException("present is " + present);
    }
  }

  /**
   * What the directory says, taken at its word; places that cannot be fetched from are left out.
   */
  public static Stored named(List<Match> matches) {
    return named(matches, null);
  }

  /**
   * As {@link #named(List)}.
   *
   * @param why of the first block that the directory does not name; null if it does not say
   */
  public static Stored named(List<Match> matches, @Nullable Miss why) {
    List<Match> fetched =
        matches.stream().filter(match -> isFetchedFrom(match.region(), match.tier())).toList();
    int longest = longest(fetched);
    String end = why != null && why.block() == longest ? why.detail() : null;
    return new Stored(fetched, longest, end);
  }

  /** Whether what lies there can be fetched. */
  public static boolean isFetchedFrom(Place place) {
    return isFetchedFrom(place.region(), place.tier());
  }

  private static boolean isFetchedFrom(@Nullable String region, String tier) {
    return region == null && FETCHED_FROM.contains(tier);
  }

  /** The same after a look at the bytes: only the first {@code leading} blocks are there. */
  public Stored verified(int leading) {
    return new Stored(matches, Math.min(present, leading), end);
  }

  /** Leading blocks that the directory names at some such place. */
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
