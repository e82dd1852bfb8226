package io.membrane.reconstruction.plan;

import io.membrane.wire.MatchResponse.Match;
import io.membrane.wire.SchedulerClient.RouteResponse;
import io.membrane.wire.SchedulerClient.Transfer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Over which link the target gets each leading block that it can have: the fastest within its own
 * cluster, or where there is none, and the scheduler moves the block, from the other one.
 *
 * @param target cluster that computes
 * @param links one for each such block, in order
 * @param own how many of them lie at the target
 */
record Supply(String target, List<Link> links, int own) {

  /** Nothing can be had. */
  static final Supply NONE = new Supply("", List.of(), 0);

  Supply {
    links = List.copyOf(links);
  }

  static Supply of(Prompt prompt, Stored stored, RouteResponse route, Links known) {
    Transfer transfer = route.transfer();
    int own = stored.at(route.target());
    int moved =
        transfer == null
            ? 0
            : Math.min(stored.at(transfer.from()), transfer.tokens() / prompt.blockTokens());
    List<Link> links = new ArrayList<>(linksFrom(stored, route.target(), route, known, own));
    if (transfer != null && moved > own) {
      links.addAll(linksFrom(stored, transfer.from(), route, known, moved).subList(own, moved));
    }
    return new Supply(route.target(), links, own);
  }

  /** How many blocks can be had. */
  int blocks() {
    return links.size();
  }

  /**
   * Expected time to fetch as many leading blocks as the index says: each block at its link's rate,
   * each link's latency once.
   */
  double[] fetchMs(Prompt prompt, Costs costs, PrefillProfile profile) {
    double[] ms = new double[blocks() + 1];
    Set<Link> used = new HashSet<>();
    Map<Link, Pace> paces = new HashMap<>();
    for (int block = 0; block < blocks(); block++) {
      Link link = links.get(block);
      Pace pace = paces.computeIfAbsent(link, costs.links()::pace);
      double bytes = profile.kvBytes(prompt.tokens(block), prompt.tokens(block + 1));
      ms[block + 1] =
          ms[block] + (used.add(link) ? pace.latencyMs() : 0) + bytes / pace.bytesPerMs();
    }
    return ms;
  }

  /** The fastest link from a cluster for each of its first {@code blocks} blocks. */
  private static List<Link> linksFrom(
      Stored stored, String cluster, RouteResponse route, Links known, int blocks) {
    Map<Link, Integer> reach = new TreeMap<>(Comparator.comparing(Link::tier));
    for (Match match : stored.matches()) {
      if (match.cluster().equals(cluster)) {
        reach.merge(
            new Link(cluster, match.tier(), route.target()), match.matchedBlocks(), Math::max);
      }
    }
    List<Link> fastestFirst =
        reach.keySet().stream()
            .sorted(Comparator.comparingDouble(link -> -known.pace(link).bytesPerMs()))
            .toList();
    List<Link> links = new ArrayList<>();
    for (int block = 0; block < blocks; block++) {
      int needed = block + 1;
      links.add(
          fastestFirst.stream()
              .filter(link -> reach.getOrDefault(link, 0) >= needed)
              .findFirst()
              .orElseThrow());
    }
    return links;
  }
}
