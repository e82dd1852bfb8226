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
   * A namespace without holes, and where its hashing starts.
   *
   * @param root parent of first blocks for the caller's tenant; hash on from here
   */
  record ResolvedNamespace(Namespace namespace, BlockHash root) {}

  record LocateRequest(@NotNull @Size(max = MAX_BLOCKS) List<@NotNull BlockHash> blockHashes) {}

  /**
   * A place that holds a block.
   *
   * @param region as in {@link MatchResponse.Match}
   * @param stale as in {@link MatchResponse.Match}
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
   * @param region as in {@link MatchResponse.Match}
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
