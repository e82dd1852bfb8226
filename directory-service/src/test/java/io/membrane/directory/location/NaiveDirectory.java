package io.membrane.directory.location;

import io.membrane.block.BlockHash;
import io.membrane.block.Slice;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.Match;
import io.membrane.wire.LogEntry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** What the design says, done the slow way: a flat set of copies, every question asked of all. */
final class NaiveDirectory {

  private record Held(String node, String tier, BlockHash hash, String slice) {}

  private final Map<Held, Long> held = new HashMap<>();
  private final Map<String, long[]> progress = new HashMap<>();

  void apply(LogEntry entry) {
    if (entry.epoch() != null && entry.sequence() != null) {
      long[] known = progress.get(entry.node());
      if (known != null && entry.epoch() < known[0]) {
        return;
      }
      if (known != null && entry.epoch() == known[0] && entry.sequence() < known[1]) {
        return;
      }
      if (known == null || entry.epoch() > known[0]) {
        held.keySet().removeIf(h -> h.node().equals(entry.node()));
      }
      progress.put(entry.node(), new long[] {entry.epoch(), entry.sequence() + 1});
    }
    Event e = entry.event();
    switch (e.type()) {
      case STORED ->
          held.put(
              new Held(
                  entry.node(),
                  Objects.requireNonNull(e.tier()),
                  Objects.requireNonNull(e.blockHash()),
                  Objects.requireNonNull(e.slice()).toString()),
              e.expiresAtMs() == null ? Long.MAX_VALUE : e.expiresAtMs());
      case REMOVED ->
          held.keySet()
              .removeIf(h ->
                  h.node().equals(entry.node())
                      && h.hash().equals(e.blockHash())
                      && (e.tier() == null || h.tier().equals(e.tier()))
                      && (e.slice() == null || h.slice().equals(e.slice().toString())));
      case CLEARED -> held.keySet().removeIf(h -> h.node().equals(entry.node()));
    }
  }

  List<Match> match(List<BlockHash> chain, Set<Slice> needs, long nowMs) {
    List<Match> matches = new ArrayList<>();
    for (String place : places()) {
      int best = 0;
      for (int boundary = 1; boundary <= chain.size(); boundary++) {
        if (isUsable(place, chain.subList(0, boundary), needs, nowMs)) {
          best = boundary;
        }
      }
      if (best > 0) {
        String[] p = place.split("/", -1);
        matches.add(new Match("c1", p[0], p[1], best, best * 16));
      }
    }
    matches.sort((a, b) -> b.matchedBlocks() - a.matchedBlocks());
    return matches;
  }

  List<DirectoryClient.Place> places(BlockHash hash, long nowMs) {
    SortedMap<String, SortedSet<String>> slices = new TreeMap<>();
    held.forEach((h, end) -> {
      if (h.hash().equals(hash) && nowMs < end) {
        slices.computeIfAbsent(h.node() + "/" + h.tier(), p -> new TreeSet<>()).add(h.slice());
      }
    });
    List<DirectoryClient.Place> places = new ArrayList<>();
    slices.forEach((place, s) -> {
      String[] p = place.split("/", -1);
      places.add(
          new DirectoryClient.Place("c1", p[0], p[1], s.stream().map(Slice::parse).toList()));
    });
    return places;
  }

  int nodes(long nowMs) {
    Set<String> nodes = new TreeSet<>();
    held.forEach((h, end) -> {
      if (nowMs < end) {
        nodes.add(h.node());
      }
    });
    return nodes.size();
  }

  private SortedSet<String> places() {
    SortedSet<String> places = new TreeSet<>();
    held.keySet().forEach(h -> places.add(h.node() + "/" + h.tier()));
    return places;
  }

  /** Every attention block before the boundary, and the state at the boundary. */
  private boolean isUsable(String place, List<BlockHash> prefix, Set<Slice> needs, long nowMs) {
    for (BlockHash hash : prefix) {
      Set<String> there = slicesAt(place, hash, nowMs);
      if (needs.isEmpty() && there.stream().noneMatch(s -> s.startsWith("attn"))) {
        return false;
      }
      for (Slice need : needs) {
        if (need.kind() == Slice.Kind.ATTN && !there.contains(need.toString())) {
          return false;
        }
      }
    }
    Set<String> atBoundary = slicesAt(place, prefix.getLast(), nowMs);
    return needs.stream()
        .filter(need -> need.kind() == Slice.Kind.STATE)
        .allMatch(need -> atBoundary.contains(need.toString()));
  }

  private Set<String> slicesAt(String place, BlockHash hash, long nowMs) {
    Set<String> there = new TreeSet<>();
    held.forEach((h, end) -> {
      if ((h.node() + "/" + h.tier()).equals(place) && h.hash().equals(hash) && nowMs < end) {
        there.add(h.slice());
      }
    });
    return there;
  }
}
