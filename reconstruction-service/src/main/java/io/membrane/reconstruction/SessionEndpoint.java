package io.membrane.reconstruction;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.reconstruction.session.Forecast;
import io.membrane.reconstruction.session.Session;
import io.membrane.reconstruction.session.SessionHistory;
import io.membrane.reconstruction.session.SessionKey;
import io.membrane.reconstruction.session.Turn;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.swagger.v3.oas.annotations.Operation;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** Sessions as this replica has seen them; another tenant's do not exist. */
@RestController
class SessionEndpoint {

  private final SessionHistory history;

  SessionEndpoint(SessionHistory history) {
    this.history = history;
  }

  /**
   * A session.
   *
   * @param firstAtMs Unix time of its first known turn
   * @param turnCount known turns
   * @param turns the last of them, oldest first
   * @param growthTokens by which a prompt is longer than the one before, on average
   * @param blocks stored blocks of the last turn
   * @param lastBlockHash the last of them, which names all; null if there is none
   * @param nextUse when it is expected to go on; null while too little is known
   */
  record SessionResponse(
      String sessionId,
      long firstAtMs,
      int turnCount,
      List<Turn> turns,
      double growthTokens,
      Namespace namespace,
      int blocks,
      @Nullable BlockHash lastBlockHash,
      @Nullable Forecast nextUse) {}

  @Operation(
      summary = "What is known of a session",
      description =
          "Its last turns, how its prompts grow, and when it is expected to go on; 404 if no context"
              + " was asked of this replica with that session_id lately")
  @GetMapping("/v1/sessions/{id}")
  SessionResponse session(@PathVariable String id) {
    SessionKey key = new SessionKey(CallContext.tenantOfCall(), id);
    Session session = history.find(key);
    if (session == null) {
      throw new MembraneException(
          ErrorCode.NOT_FOUND,
          "no session under this id; this replica knows those that it served since its start, and"
              + " forgets them after membrane.reconstruction.sessions.idle");
    }
    List<BlockHash> chain = session.chain();
    return new SessionResponse(
        id,
        session.firstAtMs(),
        session.turnCount(),
        session.turns(),
        session.growthTokens(),
        session.namespace(),
        chain.size(),
        chain.isEmpty() ? null : chain.getLast(),
        history.forecast(key));
  }
}
