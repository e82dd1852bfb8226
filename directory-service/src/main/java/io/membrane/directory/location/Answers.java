package io.membrane.directory.location;

import io.membrane.block.BlockHash;
import io.membrane.block.Slice;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.ClusterMatch;
import io.membrane.wire.DirectoryClient.Match;
import io.membrane.wire.DirectoryClient.MatchResponse;
import io.membrane.wire.DirectoryClient.NodeMatch;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What the image found, in the words of the wire. */
final class Answers {

  private static final Comparator<Place> PLACES =
      Comparator.comparing((Place p) -> p.source().cluster())
          .thenComparing(p -> p.source().node())
          .thenComparing(Place::tier);

  private static final Comparator<Walk.Run> LONGEST_FIRST =
      Comparator.comparingInt((Walk.Run run) -> run.usable)
          .reversed()
          .thenComparing(run -> run.group.cluster())
          .thenComparing(run -> run.group.node(), Comparator.nullsFirst(Comparator.naturalOrder()))
          .thenComparing(run -> run.group.tier(), Comparator.nullsFirst(Comparator.naturalOrder()));

  private Answers() {}

  static MatchResponse match(Walk walk, List<BlockHash> chain, int blockTokens) {
    List<ClusterMatch> clusters = new ArrayList<>();
    List<NodeMatch> nodes = new ArrayList<>();
    List<Match> matches = new ArrayList<>();
    for (Walk.Run run : walk.runs().stream().sorted(LONGEST_FIRST).toList()) {
      int blocks = run.usable;
      int tokens = (int) Math.min(Integer.MAX_VALUE, (long) blocks * blockTokens);
      String cluster = run.group.cluster();
      String node = run.group.node();
      String tier = run.group.tier();
      if (node == null) {
        clusters.add(new ClusterMatch(cluster, blocks, tokens));
      } else if (tier == null) {
        nodes.add(new NodeMatch(cluster, node, blocks, tokens));
      } else {
        matches.add(new Match(cluster, node, tier, blocks, tokens));
      }
    }
    Match best = matches.isEmpty() ? null : matches.getFirst();
    return new MatchResponse(blockTokens, chain.size(), chain, matches, best, clusters, nodes);
  }

  static List<DirectoryClient.Place> places(List<KnownBlock.Copy> copies) {
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
              p.source().cluster(), p.source().node(), p.tier(), List.copyOf(e.getValue()));
        })
        .toList();
  }
}
