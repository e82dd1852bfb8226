package io.membrane.directory;

import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.directory.Chains.Chain;
import io.membrane.directory.feed.EventIntake;
import io.membrane.directory.location.Image;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.DirectoryClient.EventBatch;
import io.membrane.wire.DirectoryClient.EventsAccepted;
import io.membrane.wire.DirectoryClient.LocateRequest;
import io.membrane.wire.DirectoryClient.LocateResponse;
import io.membrane.wire.DirectoryClient.LocatedBlock;
import io.membrane.wire.DirectoryClient.ResolvedNamespace;
import io.membrane.wire.LogPosition;
import io.membrane.wire.MatchRequest;
import io.membrane.wire.MatchResponse;
import io.membrane.wire.NamespaceRequest;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.validation.Valid;
import java.util.HashSet;
import java.util.Set;
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

  private final Image image;
  private final EventIntake intake;
  private final Matches matches;
  private final Namespaces namespaces;
  private final Chains chains;
  private final MissReasons reasons;
  private final SessionContexts contexts;

  DirectoryEndpoint(
      Image image,
      EventIntake intake,
      Matches matches,
      Namespaces namespaces,
      Chains chains,
      MissReasons reasons,
      SessionContexts contexts) {
    this.image = image;
    this.intake = intake;
    this.matches = matches;
    this.namespaces = namespaces;
    this.chains = chains;
    this.reasons = reasons;
    this.contexts = contexts;
  }

  @PostMapping("/v1/directory/match")
  MatchResponse match(@Valid @RequestBody MatchRequest request) {
    String session = request.sessionId() == null ? null : SessionContexts.id(request.sessionId());
    LogPosition atLeast = request.atLeast() == null ? null : position(request.atLeast());
    Chain chain = chains.of(request.namespace(), request.tokens(), request.blockHashes());
    Set<Slice> needs = request.needs() == null ? Set.of() : new HashSet<>(request.needs());
    MatchResponse answer = matches.of(chain.blocks(), needs, chain.blockTokens(), atLeast);
    if (session != null) {
      contexts.note(matches.domain(), session, chain.blocks());
    }
    return Boolean.TRUE.equals(request.explain())
        ? matches.explained(answer, reasons.of(chain, needs, answer, matches.domain()))
        : answer;
  }

  @PostMapping("/v1/directory/locate")
  LocateResponse locate(@Valid @RequestBody LocateRequest request) {
    String domain = matches.domain();
    return new LocateResponse(
        request.blockHashes().stream()
            .map(hash -> new LocatedBlock(hash, image.places(hash, domain)))
            .toList());
  }

  @PostMapping("/v1/directory/events")
  EventsAccepted events(@Valid @RequestBody EventBatch batch, HttpServletRequest request) {
    DirectFilter.rethrow(request);
    return intake.accept(batch, matches.domain());
  }

  @PostMapping("/v1/namespaces/resolve")
  ResolvedNamespace resolve(@RequestBody NamespaceRequest request) {
    Namespace namespace = namespaces.resolve(request);
    return new ResolvedNamespace(namespace, namespaces.root(namespace, CallContext.tenantOfCall()));
  }

  static LogPosition position(String text) {
    try {
      return LogPosition.parse(text);
    } catch (IllegalArgumentException e) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST,
          "at_least: a log position is written like 1789095808837-0, as log_position gives it",
          e);
    }
  }
}
