package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.reconstruction.explain.Explanation;
import io.membrane.rpc.WireJson;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.membrane.wire.ReconstructionClient.Location;
import io.membrane.wire.ReconstructionClient.Source;
import org.junit.jupiter.api.Test;

/** Why each block was or was not reused, afterwards. */
class ExplanationTest extends FleetTest {

  @Test
  void everyFullBlockIsExplainedWithItsPlacesAndReason() {
    Tokens prompt = tokens(70, 100);
    store("local", prompt, 2);
    store("far", prompt, 1);
    ContextResponse answer = ask(context(prompt).with("session_id", "chat 7"));

    Explanation explanation = explanation(answer.contextId());

    assertThat(explanation.contextId()).isEqualTo(answer.contextId());
    assertThat(explanation.sessionId()).isEqualTo("chat 7");
    assertThat(explanation.namespace()).isEqualTo(MiniFleet.NAMESPACE);
    assertThat(explanation.response()).isEqualTo(answer);
    assertThat(explanation.blocks())
        .extracting(Explanation.Block::blockHash)
        .isEqualTo(hashes(prompt));
    assertThat(explanation.blocks())
        .extracting(Explanation.Block::source)
        .containsExactly(
            Source.FRAGMENT,
            Source.FRAGMENT,
            Source.PREFILL,
            Source.PREFILL,
            Source.PREFILL,
            Source.PREFILL);
    Explanation.Block second = explanation.blocks().get(1);
    assertThat(second.index()).isEqualTo(1);
    assertThat(second.tokenSpan()).isEqualTo(new TokenSpan(16, 32));
    assertThat(second.locations()).containsExactly(new Location("local", "redis", "redis"));
    assertThat(explanation.blocks().getFirst().locations()).hasSize(2);
    assertThat(explanation.blocks().getLast().why())
        .isEqualTo("not stored at any place: " + MiniFleet.REMOVED);
  }

  @Test
  void anotherTenantDoesNotSeeIt() {
    String path = "/v1/contexts/" + ask(context(tokens(71, 40))).contextId() + "/explanation";

    get(path, "Membrane-Tenant", "acme").problem(404, "not_found");
    assertThat(get(path).status()).isEqualTo(200);
  }

  @Test
  void whatWasNeverAskedIsNotFound() {
    assertThat(get("/v1/contexts/none/explanation").problem(404, "not_found").detail())
        .contains("900 s");
  }

  private Explanation explanation(String id) {
    Answer answer = get("/v1/contexts/" + id + "/explanation");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return WireJson.mapper().readValue(answer.body(), Explanation.class);
  }
}
