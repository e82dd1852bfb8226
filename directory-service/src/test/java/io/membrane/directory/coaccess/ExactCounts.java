package io.membrane.directory.coaccess;

import io.membrane.block.BlockHash;
import io.membrane.directory.coaccess.Related.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The oracle: every use and every pair with its time, summed when it is asked for. */
final class ExactCounts {

  private final double halfLifeMs;
  private final Map<Block, List<Long>> uses = new HashMap<>();
  private final Map<Block, Map<Edge, List<Long>>> edges = new HashMap<>();
  private final Map<List<String>, List<BlockHash>> sessions = new HashMap<>();

  private record Block(String domain, BlockHash hash) {}

  record Edge(BlockHash to, Kind kind) {}

  ExactCounts(double halfLifeMs) {
    this.halfLifeMs = halfLifeMs;
  }

  void note(String domain, @Nullable String session, List<BlockHash> context, long nowMs) {
    for (int i = 0; i < context.size(); i++) {
      uses.computeIfAbsent(new Block(domain, context.get(i)), b -> new ArrayList<>()).add(nowMs);
      if (i > 0) {
        join(domain, context.get(i - 1), context.get(i), Kind.NEXT, nowMs);
      }
    }
    if (session == null || context.isEmpty()) {
      return;
    }
    List<BlockHash> before = sessions.put(List.of(domain, session), context);
    if (before != null && !starts(context, before) && !starts(before, context)) {
      int i = 0;
      while (before.get(i).equals(context.get(i))) {
        i++;
      }
      join(domain, before.getLast(), context.get(i), Kind.TOGETHER, nowMs);
      join(domain, context.get(i), before.getLast(), Kind.TOGETHER, nowMs);
    }
  }

  private static boolean starts(List<BlockHash> all, List<BlockHash> beginning) {
    return all.size() >= beginning.size() && all.subList(0, beginning.size()).equals(beginning);
  }

  private void join(String domain, BlockHash from, BlockHash to, Kind kind, long nowMs) {
    if (!from.equals(to)) {
      edges
          .computeIfAbsent(new Block(domain, from), b -> new HashMap<>())
          .computeIfAbsent(new Edge(to, kind), e -> new ArrayList<>())
          .add(nowMs);
    }
  }

  /** The decayed count of a block's uses. */
  double uses(String domain, BlockHash hash, long nowMs) {
    return sum(uses.getOrDefault(new Block(domain, hash), List.of()), nowMs);
  }

  /** The decayed counts of a block's edges. */
  Map<Edge, Double> edges(String domain, BlockHash hash, long nowMs) {
    Map<Edge, Double> sums = new LinkedHashMap<>();
    edges
        .getOrDefault(new Block(domain, hash), Map.of())
        .forEach((edge, times) -> sums.put(edge, sum(times, nowMs)));
    return sums;
  }

  private double sum(List<Long> times, long nowMs) {
    return times.stream().mapToDouble(t -> Math.pow(2, -(nowMs - t) / halfLifeMs)).sum();
  }

  /** Whatever is related to a block, with the largest product of shares on any way. */
  Map<BlockHash, Double> related(String domain, BlockHash start, long nowMs) {
    Map<BlockHash, Double> together = new HashMap<>();
    Map<BlockHash, Double> next = new HashMap<>();
    Map<BlockHash, Double> grown = Map.of(start, 1.0);
    while (!grown.isEmpty()) {
      Map<BlockHash, Double> better = new HashMap<>();
      grown.forEach((from, share) -> {
        double all = uses(domain, from, nowMs);
        edges(domain, from, nowMs)
            .forEach((edge, count) -> {
              double product = share * Math.min(1, count / all);
              if (edge.kind() == Kind.TOGETHER) {
                if (from.equals(start)) {
                  together.put(edge.to(), product);
                }
              } else if (!edge.to().equals(start)
                  && product > next.getOrDefault(edge.to(), 0.0) + 1e-12) {
                next.put(edge.to(), product);
                better.put(edge.to(), product);
              }
            });
      });
      grown = better;
    }
    together.forEach((hash, share) -> next.merge(hash, share, Math::max));
    return next;
  }
}
