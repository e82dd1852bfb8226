package io.membrane.directory;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.directory.feed.EventIntake;
import io.membrane.directory.feed.LogTail;
import io.membrane.directory.location.Image;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.tenancy.Policies;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.EventBatch;
import io.membrane.wire.DirectoryClient.EventsAccepted;
import io.membrane.wire.DirectoryClient.LocateRequest;
import io.membrane.wire.DirectoryClient.LocateResponse;
import io.membrane.wire.DirectoryClient.LocatedBlock;
import io.membrane.wire.DirectoryClient.MatchRequest;
import io.membrane.wire.DirectoryClient.MatchResponse;
import io.membrane.wire.DirectoryClient.ResolvedNamespace;
import io.membrane.wire.LogPosition;
import io.membrane.wire.NamespaceRequest;
import jakarta.validation.Valid;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/**
 * Answers from the image, takes events in. While Redis is gone answers still come from the image,
 * which may be old then: the service is not ready, and what is wrongly named is a miss to its
 * reader.
 */
@RestController
class DirectoryEndpoint {

  private static final Logger log = LoggerFactory.getLogger(DirectoryEndpoint.class);

  /** How long a match waits for the position that it must not be older than. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final Image image;
  private final LogTail tail;
  private final EventIntake intake;
  private final Policies policies;
  private final Namespaces namespaces;
  private final DirectoryMetrics metrics;

  DirectoryEndpoint(
      Image image,
      LogTail tail,
      EventIntake intake,
      Policies policies,
      Namespaces namespaces,
      DirectoryMetrics metrics) {
    this.image = image;
    this.tail = tail;
    this.intake = intake;
    this.policies = policies;
    this.namespaces = namespaces;
    this.metrics = metrics;
  }

  @PostMapping("/v1/directory/match")
  MatchResponse match(@Valid @RequestBody MatchRequest request) {
    LogPosition atLeast = request.atLeast() == null ? null : position(request.atLeast());
    int blockTokens = 0;
    List<BlockHash> chain;
    if (request.tokens() != null && request.blockHashes() == null) {
      Namespace namespace = namespaces.resolve(request.namespace());
      blockTokens = namespace.blockTokens();
      if (request.tokens().length() / blockTokens > DirectoryClient.MAX_BLOCKS) {
        throw new MembraneException(
            ErrorCode.TOO_LARGE,
            "a match has at most "
                + DirectoryClient.MAX_BLOCKS
                + " blocks; ask for the first ones");
      }
      BlockHash root = namespaces.root(namespace, CallContext.tenantOfCall());
      chain = BlockHasher.chain(root, blockTokens, request.tokens());
    } else if (request.blockHashes() != null && request.tokens() == null) {
      if (request.namespace() != null) {
        blockTokens = namespaces.resolve(request.namespace()).blockTokens();
      }
      chain = distinct(request.blockHashes());
    } else {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST, "give exactly one of tokens and block_hashes");
    }
    if (atLeast != null && !tail.await(atLeast, patience())) {
      metrics.answeredBehind();
      log.debug("answered at {} although {} was asked for", tail.position(), atLeast);
    }
    Set<Slice> needs = request.needs() == null ? Set.of() : new HashSet<>(request.needs());
    MatchResponse answer = image.match(chain, needs, blockTokens, domain());
    metrics.matched(answer);
    return answer;
  }

  @PostMapping("/v1/directory/locate")
  LocateResponse locate(@Valid @RequestBody LocateRequest request) {
    String domain = domain();
    return new LocateResponse(
        request.blockHashes().stream()
            .map(hash -> new LocatedBlock(hash, image.places(hash, domain)))
            .toList());
  }

  @PostMapping("/v1/directory/events")
  EventsAccepted events(@Valid @RequestBody EventBatch batch) {
    return intake.accept(batch, domain());
  }

  @PostMapping("/v1/namespaces/resolve")
  ResolvedNamespace resolve(@RequestBody NamespaceRequest request) {
    Namespace namespace = namespaces.resolve(request);
    return new ResolvedNamespace(namespace, namespaces.root(namespace, CallContext.tenantOfCall()));
  }

  /** The domain in which the caller reads and writes. */
  private String domain() {
    String tenant = CallContext.tenantOfCall();
    String known = policies.knownDomain(tenant);
    return known == null ? policies.domain(tenant) : known;
  }

  private static Duration patience() {
    return CallContext.currentOr(PATIENCE).within(PATIENCE).remaining();
  }

  private static LogPosition position(String text) {
    try {
      return LogPosition.parse(text);
    } catch (IllegalArgumentException e) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST,
          "at_least: a log position is written like 1789095808837-0, as log_position gives it",
          e);
    }
  }

  private static List<BlockHash> distinct(List<BlockHash> chain) {
    Set<BlockHash> seen = HashSet.newHashSet(chain.size());
    for (int i = 0; i < chain.size(); i++) {
      if (!seen.add(chain.get(i))) {
        throw new MembraneException(
            ErrorCode.IMPOSSIBLE_REQUEST,
            "block_hashes[" + i + "] stands there twice; a chain names each block once, in order");
      }
    }
    return chain;
  }
}
