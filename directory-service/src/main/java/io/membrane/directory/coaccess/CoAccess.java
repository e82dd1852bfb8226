package io.membrane.directory.coaccess;

import io.membrane.block.BlockHash;
import io.membrane.directory.coaccess.CoAccessGraph.EdgeVisitor;
import io.membrane.directory.coaccess.Related.Kind;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Learns from contexts which blocks are used together and which come next. Bounded; what was learnt
 * counts half after each half-life. Each sharing domain by itself: what one was told another is
 * never answered, and has no influence on it but through the bound. Thread-safe; a call holds a
 * lock for at most {@value #STEP} blocks.
 *
 * <h2>Algorithm</h2>
 *
 * Two consecutive blocks of a context make an edge {@link Kind#NEXT}. The last block of a session's
 * context and the first block in which its next context differs make an edge {@link Kind#TOGETHER}
 * both ways, unless the next context continues the one before. The share of a block's uses that an
 * edge was used with estimates the probability that it is used with the next one; what comes
 * several blocks later has the largest product of such shares on any way that leads there, which a
 * best-first search finds in order.
 */
public final class CoAccess {

  /** Most blocks that are asked for at once. */
  public static final int MAX_RELATED = 100;

  private static final int STEP = 1024;

  private final InstantSource clock;
  private final CoAccessGraph graph;
  private final Sessions sessions;

  /** A block that the search has come to, and how. */
  private record Step(int block, Kind kind, double share, int order) {
    static final Comparator<Step> BEST_FIRST =
        Comparator.comparingDouble(Step::share).reversed().thenComparingInt(Step::order);
  }

  /**
   * @param maxEdges most edges, most blocks that have edges, and most blocks of the sessions'
   *     contexts; at least {@value CoAccessGraph#LEAST_BOUND}; 100 to 150 bytes each
   * @param halfLife after which a use counts half
   * @param random draws what keeps callers from choosing hashes that collide
   */
  public CoAccess(int maxEdges, Duration halfLife, InstantSource clock, RandomGenerator random) {
    if (maxEdges < CoAccessGraph.LEAST_BOUND) {
      throw new IllegalArgumentException(
          "at least %d edges, not %d".formatted(CoAccessGraph.LEAST_BOUND, maxEdges));
    }
    if (halfLife.toMillis() < 1) {
      throw new IllegalArgumentException("a half-life is at least 1 ms, not " + halfLife);
    }
    this.clock = clock;
    this.graph = new CoAccessGraph(maxEdges, halfLife.toMillis(), random);
    this.sessions = new Sessions(maxEdges);
  }

  /** How many edges there are. */
  public synchronized int edges() {
    return graph.edges();
  }

  /** How many blocks have counts or are at the end of an edge; at most twice the most edges. */
  public synchronized int blocks() {
    return graph.blocks();
  }

  /**
   * A context was used.
   *
   * @param session of the domain, or null if it belongs to none
   * @param context its blocks in order
   */
  public void note(String domain, @Nullable String session, List<BlockHash> context) {
    long nowMs = clock.millis();
    for (int from = 0; from < context.size(); from += STEP) {
      learn(domain, context, from, Math.min(from + STEP, context.size()), nowMs);
    }
    if (session != null && !context.isEmpty()) {
      learnBranch(domain, session, context, nowMs);
    }
  }

  private synchronized void learn(
      String domain, List<BlockHash> context, int from, int to, long nowMs) {
    int before = from == 0 ? CoAccessGraph.NONE : graph.touch(domain, context.get(from - 1), nowMs);
    for (BlockHash hash : context.subList(from, to)) {
      int block = graph.touch(domain, hash, nowMs);
      if (block != CoAccessGraph.NONE) {
        graph.use(block);
      }
      join(before, block, Kind.NEXT);
      before = block;
    }
  }

  private synchronized void learnBranch(
      String domain, String session, List<BlockHash> context, long nowMs) {
    Sessions.Context before = sessions.replace(domain, session, context);
    if (before == null) {
      return;
    }
    int common = before.commonWith(context);
    if (common < before.length() && common < context.size()) {
      int left = graph.touch(domain, before.last(), nowMs);
      int taken = graph.touch(domain, context.get(common), nowMs);
      join(left, taken, Kind.TOGETHER);
      join(taken, left, Kind.TOGETHER);
    }
  }

  private void join(int from, int to, Kind kind) {
    if (from != CoAccessGraph.NONE && to != CoAccessGraph.NONE) {
      graph.join(from, to, kind);
    }
  }

  /**
   * How often contexts used a block, recent uses counting more.
   *
   * @return 0 if nothing is known of it
   */
  public synchronized double uses(String domain, BlockHash hash) {
    int block = graph.find(domain, hash);
    return block == CoAccessGraph.NONE ? 0 : graph.uses(block, clock.millis());
  }

  /** The last block of a session's last context; null if the session is not known, or forgotten. */
  public synchronized @Nullable BlockHash last(String domain, String session) {
    return sessions.last(domain, session);
  }

  /**
   * The blocks that most likely are used with one, the likeliest first. They need not be stored any
   * more.
   *
   * @param k most blocks to answer, 1 to {@value #MAX_RELATED}
   * @return empty if nothing is known
   */
  public synchronized List<Related> related(String domain, BlockHash hash, int k) {
    if (k < 1 || k > MAX_RELATED) {
      throw new IllegalArgumentException("k is 1 to %d, not %d".formatted(MAX_RELATED, k));
    }
    List<Related> found = new ArrayList<>();
    int start = graph.find(domain, hash);
    if (start == CoAccessGraph.NONE) {
      return found;
    }
    long nowMs = clock.millis();
    PriorityQueue<Step> open = new PriorityQueue<>(Step.BEST_FIRST);
    Set<Integer> seen = new HashSet<>(Set.of(start));
    int[] order = {0};
    EdgeVisitor direct =
        (target, kind, share) -> open.add(new Step(target, kind, share, order[0]++));
    graph.visit(start, nowMs, direct);
    while (found.size() < k && !open.isEmpty()) {
      Step step = open.remove();
      if (!seen.add(step.block())) {
        continue;
      }
      found.add(new Related(graph.hash(step.block()), step.kind(), step.share()));
      if (step.kind() == Kind.NEXT) {
        graph.visit(
            step.block(),
            nowMs,
            (target, kind, share) -> {
              if (kind == Kind.NEXT && !seen.contains(target)) {
                open.add(new Step(target, kind, step.share() * share, order[0]++));
              }
            });
      }
    }
    return found;
  }
}
