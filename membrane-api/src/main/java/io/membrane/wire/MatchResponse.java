package io.membrane.wire;

import io.membrane.block.BlockHash;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where the wanted blocks lie.
 *
 * @param matches one per place that holds the first block, longest first
 * @param best the longest; null if no place holds the first block
 * @param clusters one per cluster that holds the first block, longest first; empty if not told
 * @param nodes one per node that holds the first block, longest first; empty if not told
 * @param why the end of the longest run over a cluster; null if all matched or nobody asked
 */
public record MatchResponse(
    int blockTokens,
    int totalBlocks,
    List<BlockHash> blockHashes,
    List<Match> matches,
    @Nullable Match best,
    List<ClusterMatch> clusters,
    List<NodeMatch> nodes,
    @Nullable Miss why) {

  public MatchResponse {
    clusters = Objects.requireNonNullElse(clusters, List.of());
    nodes = Objects.requireNonNullElse(nodes, List.of());
  }

  /** An answer of places alone. */
  public MatchResponse(
      int blockTokens,
      int totalBlocks,
      List<BlockHash> blockHashes,
      List<Match> matches,
      @Nullable Match best) {
    this(blockTokens, totalBlocks, blockHashes, matches, best, List.of(), List.of(), null);
  }

  /** This answer with an explanation. */
  public MatchResponse because(@Nullable Miss miss) {
    return new MatchResponse(
        blockTokens, totalBlocks, blockHashes, matches, best, clusters, nodes, miss);
  }

  /**
   * The longest leading run of the wanted blocks at one place.
   *
   * @param tier memory kind of the node, e.g. {@code redis}
   * @param region null if it is the region of the directory that answers
   * @param stale true if that region has not been heard of lately, otherwise null
   */
  public record Match(
      String cluster,
      String node,
      String tier,
      int matchedBlocks,
      int matchedTokens,
      @Nullable String region,
      @Nullable Boolean stale) {

    /** One in the region of the directory that answers. */
    public Match(String cluster, String node, String tier, int matchedBlocks, int matchedTokens) {
      this(cluster, node, tier, matchedBlocks, matchedTokens, null, null);
    }
  }

  /**
   * The longest leading run over all tiers of a node together.
   *
   * @param region as in {@link Match}
   * @param stale as in {@link Match}
   */
  public record NodeMatch(
      String cluster,
      String node,
      int matchedBlocks,
      int matchedTokens,
      @Nullable String region,
      @Nullable Boolean stale) {

    /** One in the region of the directory that answers. */
    public NodeMatch(String cluster, String node, int matchedBlocks, int matchedTokens) {
      this(cluster, node, matchedBlocks, matchedTokens, null, null);
    }
  }

  /**
   * The longest leading run over all nodes of a cluster together.
   *
   * @param region as in {@link Match}
   * @param stale as in {@link Match}
   */
  public record ClusterMatch(
      String cluster,
      int matchedBlocks,
      int matchedTokens,
      @Nullable String region,
      @Nullable Boolean stale) {

    /** One in the region of the directory that answers. */
    public ClusterMatch(String cluster, int matchedBlocks, int matchedTokens) {
      this(cluster, matchedBlocks, matchedTokens, null, null);
    }
  }
}
