package io.membrane.reconstruction;

import io.membrane.block.BlockHash;
import io.membrane.reconstruction.execute.Outcome;
import io.membrane.reconstruction.prefetch.Prefetching;
import io.membrane.reconstruction.session.SessionHistory;
import io.membrane.reconstruction.session.SessionKey;
import io.membrane.reconstruction.session.Turn;
import io.membrane.rpc.CallContext;
import io.membrane.wire.ReconstructionClient.ContextRequest;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.membrane.wire.ReconstructionClient.Coverage;
import io.membrane.wire.ReconstructionClient.Source;
import java.time.Clock;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Brings contexts into the history of their sessions. A blank session id is none. */
final class SessionTurns {

  private final SessionHistory history;
  private final Prefetching prefetching;
  private final Clock clock;

  SessionTurns(SessionHistory history, Prefetching prefetching, Clock clock) {
    this.history = history;
    this.prefetching = prefetching;
    this.clock = clock;
  }

  /**
   * A turn that has begun.
   *
   * @param session null if it belongs to none
   */
  record Begun(@Nullable SessionKey session, long atMs) {}

  Begun begin(ContextRequest request) {
    String id = request.sessionId();
    if (id == null || id.isBlank()) {
      return new Begun(null, clock.millis());
    }
    SessionKey session = new SessionKey(CallContext.tenantOfCall(), id);
    prefetching.turnBegins(session);
    return new Begun(session, clock.millis());
  }

  void end(Begun begun, Outcome outcome) {
    SessionKey session = begun.session();
    if (session == null) {
      return;
    }
    ContextResponse response = outcome.response();
    List<BlockHash> chain =
        response.segments().stream()
            .takeWhile(segment -> segment.source() != Source.MISSING)
            .flatMap(segment -> segment.blockHashes().stream())
            .toList();
    Coverage coverage = response.coverage();
    Turn turn =
        new Turn(
            begun.atMs(),
            response.totalTokens(),
            coverage.reusedTokens(),
            coverage.prefilledTokens(),
            coverage.missingTokens());
    history.note(session, turn, outcome.namespace(), chain);
    prefetching.contextUsed(session, chain);
  }
}
