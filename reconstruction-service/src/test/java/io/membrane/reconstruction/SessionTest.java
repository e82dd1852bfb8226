package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.Tokens;
import io.membrane.reconstruction.SessionEndpoint.SessionResponse;
import io.membrane.reconstruction.session.Turn;
import io.membrane.rpc.WireJson;
import org.junit.jupiter.api.Test;

/** What is remembered of sessions, as callers see it. */
class SessionTest extends FleetTest {

  private static Asked turn(String session, Tokens prompt) {
    return context(prompt).with("session_id", session);
  }

  private SessionResponse session(String id) {
    Answer answer = get("/v1/sessions/" + id);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return WireJson.mapper().readValue(answer.body(), SessionResponse.class);
  }

  @Test
  void aSessionTellsItsTurnsAndHowItGrows() {
    ask(turn("growing", tokens(301, 40)));
    ask(turn("growing", tokens(301, 100)));

    SessionResponse session = session("growing");

    assertThat(session.sessionId()).isEqualTo("growing");
    assertThat(session.turnCount()).isEqualTo(2);
    assertThat(session.turns()).extracting(Turn::totalTokens).containsExactly(40, 100);
    assertThat(session.turns().getLast().reusedTokens()).isEqualTo(32);
    assertThat(session.turns().getLast().prefilledTokens()).isEqualTo(68);
    assertThat(session.growthTokens()).isEqualTo(60);
    assertThat(session.namespace()).isEqualTo(MiniFleet.NAMESPACE);
    assertThat(session.blocks()).isEqualTo(6);
    assertThat(session.lastBlockHash()).isEqualTo(hashes(tokens(301, 100)).getLast());
  }

  @Test
  void whatIsMissingIsNoPartOfTheChain() {
    Tokens prompt = tokens(302, 100);
    store("local", prompt, 2);
    ask(turn("reported", prompt).with("on_miss", "report"));

    assertThat(session("reported").blocks()).isEqualTo(2);
    assertThat(session("reported").turns().getFirst().missingTokens()).isEqualTo(68);
  }

  @Test
  void aSessionOfManyIsExpectedAgain() {
    for (int i = 0; i < 30; i++) {
      ask(turn("often", tokens(303, 20)));
      ask(turn("often too", tokens(303, 20)));
    }

    assertThat(session("often").nextUse()).isNotNull();
    assertThat(session("often").turns()).hasSizeLessThanOrEqualTo(32);
  }

  @Test
  void anotherTenantsSessionIsAnother() {
    ask(turn("mine", tokens(304, 40)));

    get("/v1/sessions/mine", "Membrane-Tenant", "acme").problem(404, "not_found");
  }

  @Test
  void contextsWithoutASessionAreOfNone() {
    ask(turn(" ", tokens(305, 40)));

    assertThat(get("/v1/sessions/%20").problem(404, "not_found").detail())
        .contains("membrane.reconstruction.sessions.idle");
  }
}
