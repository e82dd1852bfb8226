package io.membrane.directory.coaccess;

import io.membrane.block.BlockHash;
import io.membrane.directory.coaccess.Related.Kind;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * How often blocks were used, and with which others: counts that halve with time. Bounded. Not
 * thread-safe. Times are milliseconds of any clock; one that goes back counts as standing still.
 *
 * <h2>Algorithm</h2>
 *
 * A block has at most {@value #EDGES_OF_A_BLOCK} edges, kept as Space-Saving [1] keeps its
 * counters: a new edge replaces the lightest one and inherits its weight. So an edge's weight is
 * never below its true count, above it by at most 1/{@value #EDGES_OF_A_BLOCK} of all that was
 * counted at the block's edges, and an edge with a greater share than that is there. A block's
 * counts are made smaller together, when it is touched, which leaves all three true. Past the bound
 * the block that was touched longest ago loses its edges; its number stays while edges of others
 * lead to it, so that the number in an edge always means the block that was meant.
 *
 * <ol>
 *   <li>A. Metwally, D. Agrawal, A. El Abbadi: Efficient Computation of Frequent and Top-k Elements
 *       in Data Streams, ICDT 2005
 * </ol>
 */
final class CoAccessGraph {

  static final int EDGES_OF_A_BLOCK = 8;
  static final int NONE = KnownBlocks.NONE;

  /** Least bound: the two blocks that are being told about are never the oldest then. */
  static final int LEAST_BOUND = 2 * EDGES_OF_A_BLOCK + 1;

  /** Edges below this weight, one use 20 half-lives ago, are forgotten. */
  private static final float FORGOTTEN = 0x1p-20f;

  private static final int FIRST_ROOM = 64;

  private final int bound;
  private final double halfLifeMs;
  private final KnownBlocks names;
  private final RecencyList counted = new RecencyList();
  private final EdgeLists edges = new EdgeLists();
  private float[] uses = new float[FIRST_ROOM];
  private long[] touchedMs = new long[FIRST_ROOM];
  private int[] firstEdge = new int[FIRST_ROOM];
  private int[] references = new int[FIRST_ROOM];

  /** Looks at edges. */
  interface EdgeVisitor {

    /**
     * Is shown one.
     *
     * @param share the weight as a share of the uses of the block that the edge belongs to, over 0
     *     to 1
     */
    void edge(int target, Kind kind, double share);
  }

  /**
   * @param bound most edges, and most blocks that have counts; at least {@value #LEAST_BOUND}
   * @param random draws what keeps callers from choosing hashes that collide
   */
  CoAccessGraph(int bound, double halfLifeMs, RandomGenerator random) {
    this.bound = bound;
    this.halfLifeMs = halfLifeMs;
    this.names = new KnownBlocks(random);
  }

  int edges() {
    return edges.size();
  }

  /** Blocks that have counts or that an edge leads to; at most twice the bound. */
  int blocks() {
    return names.size();
  }

  BlockHash hash(int block) {
    return names.hash(block);
  }

  /** The number of a block, or {@link #NONE} if nothing is known of it. */
  int find(String domain, BlockHash hash) {
    return names.find(domain, hash);
  }

  /**
   * Brings a block's counts up to a time.
   *
   * @return its number, which stays its own while at most one other block is touched; {@link #NONE}
   *     if it cannot be told from another one, which has a chance of one in 2^64 for any other
   */
  int touch(String domain, BlockHash hash, long nowMs) {
    int block = names.find(domain, hash);
    if (block == NONE) {
      block = names.add(domain, hash);
      if (block == NONE) {
        return NONE;
      }
      makeRoom(block);
      references[block] = 0;
    }
    if (counted.contains(block)) {
      decay(block, nowMs);
    } else {
      uses[block] = 0;
      touchedMs[block] = nowMs;
      firstEdge[block] = EdgeLists.NONE;
    }
    counted.touch(block);
    if (counted.size() > bound) {
      dropOldest();
    }
    return block;
  }

  /** Counts a use of a block that was touched just now. */
  void use(int block) {
    uses[block]++;
  }

  /** How often a block was used, as of a time. */
  double uses(int block, long nowMs) {
    return counted.contains(block) ? uses[block] * factor(block, nowMs) : 0;
  }

  /** Counts that {@code to} was used with {@code from}: two that were touched last. */
  void join(int from, int to, Kind kind) {
    if (from == to) {
      return;
    }
    int lightest = EdgeLists.NONE;
    int count = 0;
    for (int edge = firstEdge[from]; edge != EdgeLists.NONE; edge = edges.next(edge)) {
      if (edges.leads(edge, to, kind)) {
        edges.weigh(edge, edges.weight(edge) + 1);
        return;
      }
      if (lightest == EdgeLists.NONE || edges.weight(edge) <= edges.weight(lightest)) {
        lightest = edge;
      }
      count++;
    }
    references[to]++;
    if (count < EDGES_OF_A_BLOCK) {
      while (edges.size() >= bound) {
        dropOldest();
      }
      lightest = edges.add(to, kind, firstEdge[from]);
      firstEdge[from] = lightest;
    } else {
      dereference(edges.target(lightest));
      edges.lead(lightest, to, kind);
    }
    edges.weigh(lightest, edges.weight(lightest) + 1);
  }

  /** Shows the edges of a block, in no order. */
  void visit(int block, long nowMs, EdgeVisitor visitor) {
    if (!counted.contains(block)) {
      return;
    }
    double factor = factor(block, nowMs);
    for (int edge = firstEdge[block]; edge != EdgeLists.NONE; edge = edges.next(edge)) {
      float weight = edges.weight(edge);
      if (weight * factor >= FORGOTTEN) {
        visitor.edge(
            edges.target(edge), edges.kind(edge), Math.min(1, (double) weight / uses[block]));
      }
    }
  }

  private double factor(int block, long nowMs) {
    return Math.pow(2, -Math.max(0, nowMs - touchedMs[block]) / halfLifeMs);
  }

  private void decay(int block, long nowMs) {
    if (nowMs <= touchedMs[block]) {
      return;
    }
    float factor = (float) factor(block, nowMs);
    touchedMs[block] = nowMs;
    uses[block] *= factor;
    int before = EdgeLists.NONE;
    int edge = firstEdge[block];
    while (edge != EdgeLists.NONE) {
      int next = edges.next(edge);
      edges.weigh(edge, edges.weight(edge) * factor);
      if (edges.weight(edge) >= FORGOTTEN) {
        before = edge;
      } else {
        if (before == EdgeLists.NONE) {
          firstEdge[block] = next;
        } else {
          edges.link(before, next);
        }
        drop(edge);
      }
      edge = next;
    }
  }

  private void dropOldest() {
    int block = counted.oldest();
    counted.remove(block);
    int edge = firstEdge[block];
    while (edge != EdgeLists.NONE) {
      int next = edges.next(edge);
      drop(edge);
      edge = next;
    }
    if (references[block] == 0) {
      names.remove(block);
    }
  }

  private void drop(int edge) {
    dereference(edges.target(edge));
    edges.remove(edge);
  }

  private void dereference(int block) {
    references[block]--;
    if (references[block] == 0 && !counted.contains(block)) {
      names.remove(block);
    }
  }

  private void makeRoom(int block) {
    if (block >= uses.length) {
      int room = 2 * block;
      uses = Arrays.copyOf(uses, room);
      touchedMs = Arrays.copyOf(touchedMs, room);
      firstEdge = Arrays.copyOf(firstEdge, room);
      references = Arrays.copyOf(references, room);
    }
  }
}
