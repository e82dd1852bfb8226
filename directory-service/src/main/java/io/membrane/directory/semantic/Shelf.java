package io.membrane.directory.semantic;

import io.github.jbellis.jvector.graph.GraphIndexBuilder;
import io.github.jbellis.jvector.graph.GraphSearcher;
import io.github.jbellis.jvector.graph.MapRandomAccessVectorValues;
import io.github.jbellis.jvector.graph.SearchResult.NodeScore;
import io.github.jbellis.jvector.graph.similarity.DefaultSearchScoreProvider;
import io.github.jbellis.jvector.util.Bits;
import io.github.jbellis.jvector.vector.VectorSimilarityFunction;
import io.github.jbellis.jvector.vector.types.VectorFloat;
import io.membrane.block.BlockHash;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The embeddings that may be compared with each other: of one namespace and sharing domain. A few
 * are all looked at, so that answers are exact; from {@value #EXACT} on they hang in a graph
 * (Vamana with a hierarchy, JVector), which finds nearly all of the nearest.
 *
 * <p>One thread changes it at a time; any number search meanwhile.
 */
final class Shelf {

  /** So many are compared one by one: less work than a walk through a graph with its upkeep. */
  static final int EXACT = 2048;

  private static final Comparator<Near> NEAREST_FIRST =
      Comparator.comparingDouble(Near::similarity)
          .reversed()
          .thenComparing(near -> near.block().hex());

  private static final int DEGREE = 32;
  private static final int BEAM = 100;
  private static final float OVERFLOW = 1.2f;
  private static final float ALPHA = 1.2f;

  /** How much wider than asked a search looks; more finds more and takes longer. */
  private static final int SEARCH_BEAM = 64;

  /** One of so many may be dead before the graph is mended. */
  private static final int DEAD_SHARE = 8;

  private final int dimensions;
  private final Map<Integer, VectorFloat<?>> vectors = new ConcurrentHashMap<>();
  private final Map<Integer, BlockHash> blocks = new ConcurrentHashMap<>();
  private final Map<BlockHash, Integer> ordinals = new HashMap<>();
  private final List<Integer> dead = new ArrayList<>();
  private final Deque<Integer> free = new ArrayDeque<>();

  /** Shared by searches; excluded while dead vectors are let go of. */
  private final ReadWriteLock mending = new ReentrantReadWriteLock();

  private volatile @Nullable GraphIndexBuilder graph;

  Shelf(int dimensions) {
    this.dimensions = dimensions;
  }

  int dimensions() {
    return dimensions;
  }

  int size() {
    return blocks.size();
  }

  /** Puts a block's embedding in the place of the one that it had. */
  void put(BlockHash block, VectorFloat<?> direction) {
    Integer known = ordinals.get(block);
    if (known != null && direction.equals(vectors.get(known))) {
      return;
    }
    remove(block);
    Integer reused = free.poll();
    int ordinal = reused == null ? vectors.size() : reused;
    vectors.put(ordinal, direction);
    blocks.put(ordinal, block);
    ordinals.put(block, ordinal);
    GraphIndexBuilder builder = graph;
    if (builder != null) {
      builder.addGraphNode(ordinal, direction);
    } else if (vectors.size() > EXACT) {
      graph = built();
    }
  }

  /** Takes a block's embedding away, if it has one. */
  void remove(BlockHash block) {
    Integer ordinal = ordinals.remove(block);
    if (ordinal == null) {
      return;
    }
    blocks.remove(ordinal);
    GraphIndexBuilder builder = graph;
    if (builder == null) {
      vectors.remove(ordinal);
      free.add(ordinal);
      return;
    }
    builder.markNodeDeleted(ordinal);
    dead.add(ordinal);
    if (dead.size() * DEAD_SHARE > vectors.size()) {
      mend(builder);
    }
  }

  private void mend(GraphIndexBuilder builder) {
    mending.writeLock().lock();
    try {
      builder.removeDeletedNodes();
      vectors.keySet().removeAll(dead);
      free.addAll(dead);
      dead.clear();
    } finally {
      mending.writeLock().unlock();
    }
  }

  private GraphIndexBuilder built() {
    GraphIndexBuilder builder =
        GraphIndexBuilder.builder(
                new MapRandomAccessVectorValues(vectors, dimensions),
                VectorSimilarityFunction.DOT_PRODUCT,
                DEGREE)
            .withBeamWidth(BEAM)
            .withNeighborOverflow(OVERFLOW)
            .withAlpha(ALPHA)
            .withSimdExecutor(ForkJoinPool.commonPool())
            .withParallelExecutor(ForkJoinPool.commonPool())
            .build();
    vectors.forEach(builder::addGraphNode);
    return builder;
  }

  /** The nearest, nearest first; at most {@code k}. */
  List<Near> nearest(VectorFloat<?> direction, int k) {
    GraphIndexBuilder builder = graph;
    mending.readLock().lock();
    try {
      Stream<Near> found = builder == null ? all(direction) : walked(builder, direction, k);
      return found.sorted(NEAREST_FIRST).limit(k).toList();
    } finally {
      mending.readLock().unlock();
    }
  }

  private Stream<Near> all(VectorFloat<?> direction) {
    List<Near> all = new ArrayList<>();
    blocks.forEach((ordinal, block) -> add(all, ordinal, block, direction));
    return all.stream();
  }

  private Stream<Near> walked(GraphIndexBuilder builder, VectorFloat<?> direction, int k) {
    DefaultSearchScoreProvider scores =
        DefaultSearchScoreProvider.exact(
            direction,
            VectorSimilarityFunction.DOT_PRODUCT,
            new MapRandomAccessVectorValues(vectors, dimensions));
    List<Near> found = new ArrayList<>();
    try (GraphSearcher searcher = new GraphSearcher(builder.getGraph())) {
      for (NodeScore node :
          searcher.search(scores, k, k + SEARCH_BEAM, 0f, 0f, Bits.ALL).getNodes()) {
        add(found, node.node, blocks.get(node.node), direction);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return found.stream();
  }

  private void add(
      List<Near> to, int ordinal, @Nullable BlockHash block, VectorFloat<?> direction) {
    VectorFloat<?> vector = vectors.get(ordinal);
    if (block != null && vector != null) {
      to.add(new Near(block, Embeddings.cosine(direction, vector)));
    }
  }
}
