package io.membrane.directory.location;

import io.membrane.block.BlockHash;
import io.membrane.block.Slice;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.LogEntry;
import io.membrane.wire.MatchResponse.ClusterMatch;
import io.membrane.wire.MatchResponse.Match;
import io.membrane.wire.MatchResponse.NodeMatch;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What the design says, done the slow way: a flat set of copies, every question asked of all. */
final class NaiveDirectory {

  private record Held(Source source, String tier, BlockHash hash, String slice) {}

  private final Map<Held, Long> held = new HashMap<>();
  private final Map<Source, long[]> progress = new HashMap<>();
  private final Map<BlockHash, BlockHash> parents = new HashMap<>();

  void apply(LogEntry entry) {
    Source source = new Source(entry.cluster(), entry.node(), entry.domain());
    if (entry.epoch() != null && entry.sequence() != null) {
      long[] known = progress.get(source);
      if (known != null && entry.epoch() < known[0]) {
        return;
      }
      if (known != null && entry.epoch() == known[0] && entry.sequence() < known[1]) {
        return;
      }
      if (known == null || entry.epoch() > known[0]) {
        held.keySet().removeIf(h -> h.source().equals(source));
      }
      progress.put(source, new long[] {entry.epoch(), entry.sequence() + 1});
    }
    Event e = entry.event();
    switch (e.type()) {
      case STORED -> store(source, e);
      case REMOVED ->
          held.keySet()
              .removeIf(h ->
                  h.source().equals(source)
                      && h.hash().equals(e.blockHash())
                      && (e.tier() == null || h.tier().equals(e.tier()))
                      && (e.slice() == null || h.slice().equals(e.slice().toString())));
      case CLEARED -> held.keySet().removeIf(h -> h.source().equals(source));
    }
  }

  private void store(Source source, Event e) {
    BlockHash hash = Objects.requireNonNull(e.blockHash());
    held.put(
        new Held(
            source,
            Objects.requireNonNull(e.tier()),
            hash,
            Objects.requireNonNull(e.slice()).toString()),
        e.expiresAtMs() == null ? Long.MAX_VALUE : e.expiresAtMs() / 1000 * 1000);
    if (e.parentHash() == null) {
      parents.remove(hash);
    } else {
      parents.put(hash, e.parentHash());
    }
  }

  List<Match> match(List<BlockHash> chain, Set<Slice> needs, String domain, long nowMs) {
    return groups(domain, h -> List.of(h.source().cluster(), h.source().node(), h.tier())).stream()
        .map(g -> {
          int best =
              usable(
                  chain,
                  needs,
                  nowMs,
                  h -> isOf(h, domain, g.get(0), g.get(1)) && h.tier().equals(g.get(2)));
          return new Match(g.get(0), g.get(1), g.get(2), best, best * 16);
        })
        .filter(m -> m.matchedBlocks() > 0)
        .sorted(Comparator.comparingInt(m -> -m.matchedBlocks()))
        .toList();
  }

  List<NodeMatch> matchOfNodes(List<BlockHash> chain, Set<Slice> needs, String domain, long nowMs) {
    return groups(domain, h -> List.of(h.source().cluster(), h.source().node())).stream()
        .map(g -> {
          int best = usable(chain, needs, nowMs, h -> isOf(h, domain, g.get(0), g.get(1)));
          return new NodeMatch(g.get(0), g.get(1), best, best * 16);
        })
        .filter(m -> m.matchedBlocks() > 0)
        .sorted(Comparator.comparingInt(m -> -m.matchedBlocks()))
        .toList();
  }

  List<ClusterMatch> matchOfClusters(
      List<BlockHash> chain, Set<Slice> needs, String domain, long nowMs) {
    return groups(domain, h -> List.of(h.source().cluster())).stream()
        .map(g -> {
          int best = usable(chain, needs, nowMs, h -> isOf(h, domain, g.get(0), null));
          return new ClusterMatch(g.get(0), best, best * 16);
        })
        .filter(m -> m.matchedBlocks() > 0)
        .sorted(Comparator.comparingInt(m -> -m.matchedBlocks()))
        .toList();
  }

  List<DirectoryClient.Place> places(BlockHash hash, String domain, long nowMs) {
    SortedMap<List<String>, SortedSet<String>> slices =
        new TreeMap<>(Comparator.comparing(p -> String.join("/", p)));
    held.forEach((h, end) -> {
      if (h.hash().equals(hash) && h.source().domain().equals(domain) && nowMs < end) {
        slices
            .computeIfAbsent(
                List.of(h.source().cluster(), h.source().node(), h.tier()), p -> new TreeSet<>())
            .add(h.slice());
      }
    });
    List<DirectoryClient.Place> places = new ArrayList<>();
    slices.forEach((p, s) ->
        places.add(
            new DirectoryClient.Place(
                p.get(0), p.get(1), p.get(2), s.stream().map(Slice::parse).toList())));
    return places;
  }

  Set<BlockHash> children(BlockHash parent, String domain, long nowMs) {
    return parents.keySet().stream()
        .filter(child -> parent.equals(parents.get(child)))
        .filter(child -> !places(child, domain, nowMs).isEmpty())
        .collect(Collectors.toSet());
  }

  int nodes(long nowMs) {
    return held.keySet().stream()
        .filter(h -> nowMs < Objects.requireNonNull(held.get(h)))
        .map(Held::source)
        .collect(Collectors.toSet())
        .size();
  }

  long copies(long nowMs) {
    return held.values().stream().filter(end -> nowMs < end).count();
  }

  long blocks(long nowMs) {
    return held.keySet().stream()
        .filter(h -> nowMs < Objects.requireNonNull(held.get(h)))
        .map(Held::hash)
        .distinct()
        .count();
  }

  private static boolean isOf(Held h, String domain, String cluster, @Nullable String node) {
    return h.source().domain().equals(domain)
        && h.source().cluster().equals(cluster)
        && (node == null || h.source().node().equals(node));
  }

  private List<List<String>> groups(String domain, Function<Held, List<String>> group) {
    return held.keySet().stream()
        .filter(h -> h.source().domain().equals(domain))
        .map(group)
        .distinct()
        .sorted(Comparator.comparing(g -> String.join("/", g)))
        .toList();
  }

  /** The last boundary with every attention block before it, and the state at it. */
  private int usable(
      List<BlockHash> chain, Set<Slice> needs, long nowMs, Predicate<Held> isInGroup) {
    int best = 0;
    for (int boundary = 1; boundary <= chain.size(); boundary++) {
      if (isUsable(chain.subList(0, boundary), needs, nowMs, isInGroup)) {
        best = boundary;
      }
    }
    return best;
  }

  private boolean isUsable(
      List<BlockHash> prefix, Set<Slice> needs, long nowMs, Predicate<Held> isInGroup) {
    for (BlockHash hash : prefix) {
      Set<String> there = slicesIn(hash, nowMs, isInGroup);
      if (needs.isEmpty() && there.stream().noneMatch(s -> s.startsWith("attn"))) {
        return false;
      }
      for (Slice need : needs) {
        if (need.kind() == Slice.Kind.ATTN && !there.contains(need.toString())) {
          return false;
        }
      }
    }
    Set<String> atBoundary = slicesIn(prefix.getLast(), nowMs, isInGroup);
    return needs.stream()
        .filter(need -> need.kind() == Slice.Kind.STATE)
        .allMatch(need -> atBoundary.contains(need.toString()));
  }

  private Set<String> slicesIn(BlockHash hash, long nowMs, Predicate<Held> isInGroup) {
    Set<String> there = new TreeSet<>();
    held.forEach((h, end) -> {
      if (h.hash().equals(hash) && nowMs < end && isInGroup.test(h)) {
        there.add(h.slice());
      }
    });
    return there;
  }
}
