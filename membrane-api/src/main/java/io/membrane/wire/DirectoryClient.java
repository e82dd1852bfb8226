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
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.service.annotation.GetExchange;
import org.springframework.web.service.annotation.PostExchange;

/** directory-service as other services and engines call it. */
public interface DirectoryClient {

  /** Most blocks in one match or locate. */
  int MAX_BLOCKS = 131_072;

  /** Header: the key that the directories of all regions share; the gateway lets none through. */
  String PEER_HEADER = "Membrane-Peer";

  /** Header of a feed: the region whose directory tells it. */
  String REGION_HEADER = "Membrane-Region";

  /** Most characters of a session's id. */
  int MAX_SESSION_ID = 256;

  /** Most blocks that one request describes. */
  int MAX_DESCRIBED = 1000;

  /** Most dimensions of an embedding. */
  int MAX_DIMENSIONS = 4096;

  /** Most events in one batch. */
  int MAX_EVENTS = 10_000;

  /**
   * Which blocks are wanted; exactly one of tokens and block hashes.
   *
   * @param namespace needed with tokens, its missing parts from the defaults
   * @param needs slices that a reader needs of every block; empty or absent: any attention slice
   *     counts
   * @param atLeast event-log position that the answer must not be older than
   * @param sessionId whose context this is, to be learnt from; null to say nothing of it
   * @param explain whether the answer is to say why no more matches; null: no
   */
  record MatchRequest(
      @Nullable NamespaceRequest namespace,
      @Nullable Tokens tokens,
      @Nullable @Size(max = MAX_BLOCKS) List<@NotNull BlockHash> blockHashes,
      @Nullable @Size(max = 1024) List<@NotNull Slice> needs,
      @Nullable String atLeast,
      @Nullable @Size(max = MAX_SESSION_ID) String sessionId,
      @Nullable Boolean explain) {

    /** A request of which nothing is to be learnt or explained. */
    public MatchRequest(
        @Nullable NamespaceRequest namespace,
        @Nullable Tokens tokens,
        @Nullable List<BlockHash> blockHashes,
        @Nullable List<Slice> needs,
        @Nullable String atLeast) {
      this(namespace, tokens, blockHashes, needs, atLeast, null, null);
    }
  }

  /** Why a block does not continue a match. */
  enum MissReason {
    /** The directory was never told of it, or has forgotten that. */
    NEVER_STORED,
    /** Its last fragment was deleted or evicted. */
    REMOVED,
    EXPIRED,
    /** The node that held it last was cleared, or began anew. */
    CLEARED,
    /** The node that held it last was lost. */
    NODE_LOST,
    /** It is stored, without all slices that are needed. */
    SLICES_MISSING,
    /** It is stored, but in no cluster that has the blocks before it too. */
    ELSEWHERE
  }

  /**
   * What the same tokens are known under.
   *
   * @param sameSalt whether under the caller's own sharing salt
   */
  record OtherNamespace(Namespace namespace, boolean sameSalt) {}

  /**
   * The first block that did not match, and why.
   *
   * @param block its index in the chain
   * @param atMs Unix time at which it went, to the second; null unless it went
   * @param last the place where it was last, without slices; null if that is not known
   * @param otherNamespaces the caller's namespaces in which the first block of the same tokens is
   *     stored; empty unless the first block did not match and tokens were given
   * @param detail all of it in words
   */
  record Miss(
      MissReason reason,
      int block,
      BlockHash blockHash,
      @Nullable Long atMs,
      @Nullable Place last,
      List<OtherNamespace> otherNamespaces,
      String detail) {

    public Miss {
      otherNamespaces = Objects.requireNonNullElse(otherNamespaces, List.of());
    }
  }

  /**
   * The longest leading run of the wanted blocks at one place.
   *
   * @param tier memory kind of the node, e.g. {@code redis}
   * @param region null if it is the region of the directory that answers
   * @param stale true if that region has not been heard of lately, otherwise null
   */
  record Match(
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
  record NodeMatch(
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
  record ClusterMatch(
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

  /**
   * Where the wanted blocks lie.
   *
   * @param matches one per place that holds the first block, longest first
   * @param best the longest; null if no place holds the first block
   * @param clusters one per cluster that holds the first block, longest first; empty if not told
   * @param nodes one per node that holds the first block, longest first; empty if not told
   * @param why the end of the longest run over a cluster; null if all matched or nobody asked
   */
  record MatchResponse(
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
  }

  /**
   * A namespace without holes, and where its hashing starts.
   *
   * @param root parent of first blocks for the caller's tenant; hash on from here
   */
  record ResolvedNamespace(Namespace namespace, BlockHash root) {}

  record LocateRequest(@NotNull @Size(max = MAX_BLOCKS) List<@NotNull BlockHash> blockHashes) {}

  /**
   * A place that holds a block.
   *
   * @param region as in {@link Match}
   * @param stale as in {@link Match}
   */
  record Place(
      String cluster,
      String node,
      String tier,
      List<Slice> slices,
      @Nullable String region,
      @Nullable Boolean stale) {

    /** One in the region of the directory that answers. */
    public Place(String cluster, String node, String tier, List<Slice> slices) {
      this(cluster, node, tier, slices, null, null);
    }
  }

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

  /**
   * A block's tokens, embedding, or both.
   *
   * @param extra what besides tokens shapes its KV; null for nothing
   * @param embedding where it points is what the block means; any length but 0
   */
  @SuppressWarnings("ArrayRecordComponent") // read once, never compared
  record Description(
      @NotNull BlockHash blockHash,
      @Nullable Tokens tokens,
      @Nullable @Size(max = 1024) String extra,
      float @Nullable [] embedding) {}

  record DescribeRequest(
      @Nullable NamespaceRequest namespace,
      @NotNull @Size(min = 1, max = MAX_DESCRIBED) List<@NotNull @Valid Description> blocks) {}

  /**
   * Answer to descriptions.
   *
   * @param logPosition event-log position at which they are known
   * @param chunks those of which tokens were given, in order
   */
  record Described(String logPosition, List<ChunkName> chunks) {}

  record ChunkName(BlockHash blockHash, BlockHash chunkHash) {}

  /**
   * A block, as far as callers of this need it.
   *
   * @param places where it has fragments; empty if it has none any more
   */
  record KnownBlock(List<BlockPlace> places) {

    public KnownBlock {
      places = Objects.requireNonNullElse(places, List.of());
    }
  }

  /**
   * A place of a block's fragments.
   *
   * @param region as in {@link Match}
   */
  record BlockPlace(
      @Nullable String region, String cluster, String node, String tier, List<StoredSlice> slices) {

    public BlockPlace {
      slices = Objects.requireNonNullElse(slices, List.of());
    }
  }

  record StoredSlice(Slice slice, long bytes) {}

  /** Blocks that are used with one, the likeliest first. */
  record RelatedBlocks(List<RelatedBlock> related) {

    public RelatedBlocks {
      related = Objects.requireNonNullElse(related, List.of());
    }
  }

  /**
   * One of them.
   *
   * @param weight estimated share of the uses that this one goes with, over 0 to 1
   */
  record RelatedBlock(BlockHash blockHash, double weight) {}

  /**
   * What to look for; exactly one of chunk hash, tokens and embedding.
   *
   * @param extra to tokens, as in {@link Description}
   * @param k most blocks to find; null for 10
   */
  @SuppressWarnings("ArrayRecordComponent") // read once, never compared
  record SearchRequest(
      @Nullable NamespaceRequest namespace,
      @Nullable BlockHash chunkHash,
      @Nullable Tokens tokens,
      @Nullable @Size(max = 1024) String extra,
      float @Nullable [] embedding,
      @Nullable Integer k) {}

  /** Stored blocks, the most similar first. */
  record SearchResponse(List<Found> matches) {}

  /**
   * A block.
   *
   * @param similarity cosine of the embeddings; 1 if the tokens are the same
   */
  record Found(BlockHash blockHash, TokenSpan tokenSpan, double similarity, List<Place> places) {}

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

  /** Repeatable: what is said again takes the place of what was said. */
  @Idempotent
  @PostExchange("/v1/directory/chunks")
  Described describe(@RequestBody DescribeRequest request);

  /** What a block is; a hash that is not known is a problem. */
  @Idempotent
  @GetExchange("/v1/directory/blocks/{hash}")
  KnownBlock block(@PathVariable("hash") String hash);

  /** At most {@code k} blocks, 1 to 100; none if nothing is known. */
  @Idempotent
  @GetExchange("/v1/directory/blocks/{hash}/related")
  RelatedBlocks related(@PathVariable("hash") String hash, @RequestParam("k") int k);

  @Idempotent
  @PostExchange("/v1/directory/chunks/search")
  SearchResponse search(@RequestBody SearchRequest request);
}
