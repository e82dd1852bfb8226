package io.membrane.directory.location;

import io.membrane.block.BlockHash;
import io.membrane.block.Slice;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.MatchResponse;
import io.membrane.wire.MatchResponse.ClusterMatch;
import io.membrane.wire.MatchResponse.Match;
import io.membrane.wire.MatchResponse.NodeMatch;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What the image found, in the words of the wire. */
final class Answers {

  private static final Comparator<@Nullable String> LOCAL_FIRST =
      Comparator.nullsFirst(Comparator.naturalOrder());

  private static final Comparator<Place> PLACES =
      Comparator.comparing((Place p) -> p.source().region(), LOCAL_FIRST)
          .thenComparing(p -> p.source().cluster())
          .thenComparing(p -> p.source().node())
          .thenComparing(Place::tier);

  private static final Comparator<Run> LONGEST_FIRST =
      Comparator.comparingInt((Run run) -> run.usable)
          .reversed()
          .thenComparing(run -> run.group.region(), LOCAL_FIRST)
          .thenComparing(run -> run.group.cluster())
          .thenComparing(run -> run.group.node(), LOCAL_FIRST)
          .thenComparing(run -> run.group.tier(), LOCAL_FIRST);

  private Answers() {}

  /**
   * The answer to a match.
   *
   * @param isStale whether a region has not been heard of lately
   */
  static MatchResponse match(
      Walk walk, List<BlockHash> chain, int blockTokens, Predicate<String> isStale) {
    List<ClusterMatch> clusters = new ArrayList<>();
    List<NodeMatch> nodes = new ArrayList<>();
    List<Match> matches = new ArrayList<>();
    for (Run run : walk.runs().stream().sorted(LONGEST_FIRST).toList()) {
      int blocks = run.usable;
      int tokens = (int) Math.min(Integer.MAX_VALUE, (long) blocks * blockTokens);
      String region = run.group.region();
      Boolean stale = stale(region, isStale);
      String cluster = run.group.cluster();
      String node = run.group.node();
      String tier = run.group.tier();
      if (node == null) {
        clusters.add(new ClusterMatch(cluster, blocks, tokens, region, stale));
      } else if (tier == null) {
        nodes.add(new NodeMatch(cluster, node, blocks, tokens, region, stale));
      } else {
        matches.add(new Match(cluster, node, tier, blocks, tokens, region, stale));
      }
    }
    Match best = matches.isEmpty() ? null : matches.getFirst();
    return new MatchResponse(
        blockTokens, chain.size(), chain, matches, best, clusters, nodes, null);
  }

  private static @Nullable Boolean stale(@Nullable String region, Predicate<String> isStale) {
    return (region != null && isStale.test(region)) ? Boolean.TRUE : null;
  }

  static List<DirectoryClient.Place> places(
      List<KnownBlock.Copy> copies, Predicate<String> isStale) {
    Map<Place, Set<Slice>> slices = new TreeMap<>(PLACES);
    for (KnownBlock.Copy copy : copies) {
      slices
          .computeIfAbsent(copy.place(), p -> new TreeSet<>(Comparator.comparing(Slice::toString)))
          .add(copy.slice());
    }
    return slices.entrySet().stream()
        .map(e -> {
          Place p = e.getKey();
          return new DirectoryClient.Place(
              p.source().cluster(),
              p.source().node(),
              p.tier(),
              List.copyOf(e.getValue()),
              p.source().region(),
              stale(p.source().region(), isStale));
        })
        .toList();
  }
}
