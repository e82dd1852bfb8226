package io.membrane.directory;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.Namespace;
import io.membrane.block.Tokens;
import io.membrane.directory.feed.EventLog;
import io.membrane.directory.feed.Notes;
import io.membrane.directory.feed.Notes.DescribedChunk;
import io.membrane.directory.location.Image;
import io.membrane.directory.location.KnownBlock;
import io.membrane.directory.semantic.Embeddings;
import io.membrane.directory.semantic.Near;
import io.membrane.directory.semantic.NearestChunks;
import io.membrane.directory.semantic.SameChunks;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.DirectoryClient.ChunkName;
import io.membrane.wire.DirectoryClient.DescribeRequest;
import io.membrane.wire.DirectoryClient.Described;
import io.membrane.wire.DirectoryClient.Description;
import io.membrane.wire.DirectoryClient.Found;
import io.membrane.wire.DirectoryClient.SearchRequest;
import io.membrane.wire.DirectoryClient.SearchResponse;
import io.swagger.v3.oas.annotations.Operation;
import jakarta.validation.Valid;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/**
 * What blocks are about, and blocks that are about the same; within one namespace and sharing
 * domain. What is found is similar, never the bytes that were asked for.
 */
@RestController
class ChunkEndpoint {

  private static final int DEFAULT_K = 10;

  private final Image image;
  private final EventLog events;
  private final Matches matches;
  private final Namespaces namespaces;
  private final SameChunks same;
  private final NearestChunks similar;

  ChunkEndpoint(
      Image image,
      EventLog events,
      Matches matches,
      Namespaces namespaces,
      SameChunks same,
      NearestChunks similar) {
    this.image = image;
    this.events = events;
    this.matches = matches;
    this.namespaces = namespaces;
    this.same = same;
    this.similar = similar;
  }

  @Operation(
      summary = "Say what blocks are about",
      description =
          "By their tokens, by embeddings, or by both; every replica learns it from the log")
  @PostMapping("/v1/directory/chunks")
  @ResponseStatus(HttpStatus.ACCEPTED)
  Described describe(@Valid @RequestBody DescribeRequest request) {
    String domain = matches.domain();
    Namespace namespace = namespaces.resolve(request.namespace());
    List<DescribedChunk> chunks = new ArrayList<>();
    for (int i = 0; i < request.blocks().size(); i++) {
      try {
        chunks.add(described(request.blocks().get(i), namespace, domain));
      } catch (IllegalArgumentException e) {
        throw new MembraneException(
            ErrorCode.IMPOSSIBLE_REQUEST, "blocks[" + i + "]: " + e.getMessage(), e);
      }
    }
    String position = events.append(new Notes(List.of(), chunks)).toString();
    return new Described(
        position,
        chunks.stream()
            .filter(c -> c.chunkHash() != null)
            .map(c -> new ChunkName(c.block(), Objects.requireNonNull(c.chunkHash())))
            .toList());
  }

  private DescribedChunk described(Description block, Namespace namespace, String domain) {
    if (block.tokens() == null && block.embedding() == null) {
      throw new IllegalArgumentException("give tokens, an embedding, or both");
    }
    BlockHash chunk = null;
    if (block.tokens() != null) {
      String extra = Objects.requireNonNullElse(block.extra(), "");
      chunk = chunk(namespace, block.tokens(), extra);
      check(block.blockHash(), namespace, block.tokens(), extra, domain);
    }
    if (block.embedding() != null) {
      similar.check(namespace, domain, block.embedding());
    }
    return new DescribedChunk(
        domain,
        namespace,
        block.blockHash(),
        chunk,
        block.embedding() == null ? null : Embeddings.encode(block.embedding()));
  }

  private BlockHash chunk(Namespace namespace, Tokens tokens, String extra) {
    if (tokens.length() != namespace.blockTokens()) {
      throw new IllegalArgumentException(
          "a block has %d tokens in this namespace, not %d"
              .formatted(namespace.blockTokens(), tokens.length()));
    }
    return namespaces.chunk(namespace, CallContext.tenantOfCall(), tokens, extra);
  }

  /** Where the block before is known, the tokens must hash to the block. */
  private void check(
      BlockHash hash, Namespace namespace, Tokens tokens, String extra, String domain) {
    KnownBlock known = image.block(hash, domain);
    if (known == null) {
      return;
    }
    if (!known.namespace().equals(namespace)) {
      throw new IllegalArgumentException("the block is stored in another namespace");
    }
    BlockHash parent =
        known.tokenSpan().from() == 0
            ? namespaces.root(namespace, CallContext.tenantOfCall())
            : known.parent();
    if (parent != null
        && !BlockHasher.chain(parent, tokens.length(), tokens, i -> extra)
            .getFirst()
            .equals(hash)) {
      throw new IllegalArgumentException("these are not the tokens of the block");
    }
  }

  @Operation(
      summary = "Find blocks of the same or of similar tokens",
      description = "The same: by chunk_hash or tokens. Similar: by embedding, approximately")
  @PostMapping("/v1/directory/chunks/search")
  SearchResponse search(@Valid @RequestBody SearchRequest request) {
    int k = request.k() == null ? DEFAULT_K : request.k();
    long ways =
        Stream.of(request.chunkHash(), request.tokens(), request.embedding())
            .filter(Objects::nonNull)
            .count();
    if (k < 1 || k > NearestChunks.MAX_K || ways != 1) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST,
          "give exactly one of chunk_hash, tokens and embedding, and k from 1 to "
              + NearestChunks.MAX_K);
    }
    String domain = matches.domain();
    Namespace namespace = namespaces.resolve(request.namespace());
    try {
      return new SearchResponse(found(request, namespace, domain, k));
    } catch (IllegalArgumentException e) {
      throw new MembraneException(ErrorCode.IMPOSSIBLE_REQUEST, String.valueOf(e.getMessage()), e);
    }
  }

  private List<Found> found(SearchRequest request, Namespace namespace, String domain, int k) {
    if (request.embedding() != null) {
      List<Near> nearest = similar.nearest(namespace, domain, request.embedding(), k);
      List<Found> found = stored(nearest.stream(), namespace, domain, k);
      return found.size() == nearest.size() || k == NearestChunks.MAX_K
          ? found
          : stored(
              similar.nearest(namespace, domain, request.embedding(), NearestChunks.MAX_K).stream(),
              namespace,
              domain,
              k);
    }
    BlockHash chunk =
        request.tokens() == null
            ? Objects.requireNonNull(request.chunkHash())
            : chunk(namespace, request.tokens(), Objects.requireNonNullElse(request.extra(), ""));
    return stored(
        same.of(namespace, domain, chunk).stream().map(hash -> new Near(hash, 1)),
        namespace,
        domain,
        k);
  }

  /** The first k of which fragments are there. */
  private List<Found> stored(Stream<Near> blocks, Namespace namespace, String domain, int k) {
    List<Found> found = new ArrayList<>();
    blocks
        .takeWhile(near -> found.size() < k)
        .forEach(near -> {
          KnownBlock known = image.block(near.block(), domain);
          if (known != null && known.gone() == null && known.namespace().equals(namespace)) {
            found.add(
                new Found(
                    near.block(),
                    known.tokenSpan(),
                    near.similarity(),
                    image.places(near.block(), domain)));
          }
        });
    return found;
  }
}
