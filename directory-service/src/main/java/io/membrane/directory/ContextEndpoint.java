package io.membrane.directory;

import io.membrane.block.BlockHash;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.directory.coaccess.CoAccess;
import io.membrane.directory.location.Image;
import io.membrane.directory.location.KnownBlock;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.Place;
import io.membrane.wire.NamespaceRequest;
import io.swagger.v3.oas.annotations.Operation;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Contexts of sessions; a session of another sharing domain does not exist. */
@RestController
class ContextEndpoint {

  private final Image image;
  private final CoAccess coAccess;
  private final Matches matches;
  private final Chains chains;
  private final SessionContexts contexts;

  ContextEndpoint(
      Image image, CoAccess coAccess, Matches matches, Chains chains, SessionContexts contexts) {
    this.image = image;
    this.coAccess = coAccess;
    this.matches = matches;
    this.chains = chains;
    this.contexts = contexts;
  }

  /**
   * A context; exactly one of tokens and block hashes.
   *
   * @param atLeast event-log position at which its blocks are known
   */
  record ContextRequest(
      @Nullable NamespaceRequest namespace,
      @Nullable Tokens tokens,
      @Nullable @Size(max = DirectoryClient.MAX_BLOCKS) List<@NotNull BlockHash> blockHashes,
      @Nullable String atLeast) {}

  /**
   * The stored part of a session's last context.
   *
   * @param blockTokens 0 if there is no block
   */
  record ContextResponse(String sessionId, int blockTokens, List<ContextBlock> blocks) {}

  record ContextBlock(BlockHash blockHash, TokenSpan tokenSpan, List<Place> places) {}

  @Operation(
      summary = "Note the context that a session uses",
      description =
          "Its leading blocks that are stored count. Every replica knows it soon after;"
              + " 422 if not even the first block is stored")
  @PutMapping("/v1/directory/contexts/{session}")
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void note(@PathVariable String session, @Valid @RequestBody ContextRequest request) {
    String id = SessionContexts.id(session);
    List<BlockHash> chain =
        chains.of(request.namespace(), request.tokens(), request.blockHashes()).blocks();
    if (request.atLeast() != null) {
      matches.await(DirectoryEndpoint.position(request.atLeast()));
    }
    String domain = matches.domain();
    if (image.leading(chain.subList(0, Math.min(1, chain.size())), domain) == 0) {
      throw new MembraneException(
          ErrorCode.IMPOSSIBLE_REQUEST,
          "the first block of the context is not stored; store it, then note the context with"
              + " at_least, the log position of its events");
    }
    if (!contexts.note(domain, id, chain)) {
      throw new MembraneException(
          ErrorCode.OVERLOADED, "too many contexts are being noted; try again");
    }
  }

  @Operation(
      summary = "Where the fragments of a session's last context lie",
      description = "Those that overlap the token span from (0) to before to (the end)")
  @GetMapping("/v1/directory/contexts/{session}")
  ContextResponse context(
      @PathVariable String session,
      @RequestParam(defaultValue = "0") int from,
      @RequestParam(defaultValue = "2147483647") int to) {
    if (from < 0 || to <= from) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST, "a token span is from 0 on, and to is more than from");
    }
    String id = SessionContexts.id(session);
    String domain = matches.domain();
    BlockHash last = coAccess.last(domain, id);
    if (last == null) {
      throw new MembraneException(ErrorCode.NOT_FOUND, "session " + id + " is not known");
    }
    int blockTokens = 0;
    List<ContextBlock> blocks = new ArrayList<>();
    for (BlockHash hash : image.context(last, domain)) {
      KnownBlock known = image.block(hash, domain);
      if (known == null || known.gone() != null) {
        continue;
      }
      blockTokens = known.namespace().blockTokens();
      TokenSpan span = known.tokenSpan();
      if (span.from() < to && span.to() > from) {
        blocks.add(new ContextBlock(hash, span, image.places(hash, domain)));
      }
    }
    return new ContextResponse(id, blockTokens, blocks);
  }
}
