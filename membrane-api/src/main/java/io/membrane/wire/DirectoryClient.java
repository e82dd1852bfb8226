package io.membrane.wire;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.rpc.Idempotent;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.PositiveOrZero;
import jakarta.validation.constraints.Size;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.service.annotation.PostExchange;

/** directory-service as other services and engines call it. */
public interface DirectoryClient {

  /** Most blocks in one match or locate. */
  int MAX_BLOCKS = 131_072;

  /** Most events in one batch. */
  int MAX_EVENTS = 10_000;

  /**
   * Which blocks are wanted; exactly one of tokens and block hashes.
   *
   * @param namespace needed with tokens, its missing parts from the defaults
   * @param needs slices that a reader needs of every block; empty or absent: any attention slice
   *     counts
   * @param atLeast event-log position that the answer must not be older than
   */
  record MatchRequest(
      @Nullable NamespaceRequest namespace,
      @Nullable Tokens tokens,
      @Nullable @Size(max = MAX_BLOCKS) List<@NotNull BlockHash> blockHashes,
      @Nullable @Size(max = 1024) List<@NotNull Slice> needs,
      @Nullable String atLeast) {}

  /**
   * The longest leading run of the wanted blocks at one place.
   *
   * @param tier memory kind of the node, e.g. {@code redis}
   */
  record Match(String cluster, String node, String tier, int matchedBlocks, int matchedTokens) {}

  /** The longest leading run over all tiers of a node together. */
  record NodeMatch(String cluster, String node, int matchedBlocks, int matchedTokens) {}

  /** The longest leading run over all nodes of a cluster together. */
  record ClusterMatch(String cluster, int matchedBlocks, int matchedTokens) {}

  /**
   * Where the wanted blocks lie.
   *
   * @param matches one per place that holds the first block, longest first
   * @param best the longest; null if no place holds the first block
   * @param clusters one per cluster that holds the first block, longest first; empty if not told
   * @param nodes one per node that holds the first block, longest first; empty if not told
   */
  record MatchResponse(
      int blockTokens,
      int totalBlocks,
      List<BlockHash> blockHashes,
      List<Match> matches,
      @Nullable Match best,
      List<ClusterMatch> clusters,
      List<NodeMatch> nodes) {

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
      this(blockTokens, totalBlocks, blockHashes, matches, best, List.of(), List.of());
    }
  }

  /**
   * A namespace without holes, and where its hashing starts.
   *
   * @param root parent of first blocks for the caller's tenant; hash on from here
   */
  record ResolvedNamespace(Namespace namespace, BlockHash root) {}

  record LocateRequest(@NotNull @Size(max = MAX_BLOCKS) List<@NotNull BlockHash> blockHashes) {}

  record Place(String cluster, String node, String tier, List<Slice> slices) {}

  record LocatedBlock(BlockHash blockHash, List<Place> places) {}

  /** One for each hash asked for, in order. */
  record LocateResponse(List<LocatedBlock> blocks) {}

  /** What happened at a node. */
  enum EventType {
    STORED,
    REMOVED,
    CLEARED
  }

  /**
   * A change of what a node holds.
   *
   * @param parentHash hash of the block before, or null for a first block
   * @param slice null in {@code cleared}; in {@code removed} null means every slice
   * @param expiresAtMs Unix time at which the fragment is gone, or null if it has no end
   */
  record Event(
      @NotNull EventType type,
      @Nullable Namespace namespace,
      @Nullable BlockHash blockHash,
      @Nullable BlockHash parentHash,
      @Nullable Slice slice,
      @Nullable @PositiveOrZero Long bytes,
      @Nullable @Size(max = 64) String tier,
      @Nullable TokenSpan tokenSpan,
      @Nullable Long expiresAtMs) {}

  /**
   * Events of one node, in order.
   *
   * @param epoch grows with every restart of the node; a new epoch clears what it held
   * @param sequence number of the first event of this batch within the epoch, from 0
   */
  record EventBatch(
      @NotBlank @Size(max = 256) String node,
      @NotBlank @Size(max = 256) String cluster,
      @NotNull @PositiveOrZero Long epoch,
      @NotNull @PositiveOrZero Long sequence,
      @NotNull @Size(max = MAX_EVENTS) List<@NotNull @Valid Event> events) {}

  /**
   * Answer to a batch of events.
   *
   * @param nextSequence the sequence expected next of this node and epoch
   * @param logPosition event-log position at which the batch is known
   */
  record EventsAccepted(long nextSequence, @Nullable String logPosition) {}

  @Idempotent
  @PostExchange("/v1/directory/match")
  MatchResponse match(@RequestBody MatchRequest request);

  @Idempotent
  @PostExchange("/v1/namespaces/resolve")
  ResolvedNamespace resolve(@RequestBody NamespaceRequest request);

  @Idempotent
  @PostExchange("/v1/directory/locate")
  LocateResponse locate(@RequestBody LocateRequest request);

  @Idempotent
  @PostExchange("/v1/directory/events")
  EventsAccepted events(@RequestBody EventBatch batch);
}
