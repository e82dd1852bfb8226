package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.reconstruction.explain.Explanation;
import io.membrane.rpc.WireJson;
import io.membrane.wire.ComputeClient.ProfilePoint;
import io.membrane.wire.ReconstructionClient.Action;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.membrane.wire.ReconstructionClient.PlannedStep;
import io.membrane.wire.ReconstructionClient.Segment;
import io.membrane.wire.ReconstructionClient.Source;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A worker that computes from the front what it fetches from the back, or cannot store it. */
class OverlapContextTest extends FleetTest {

  @Test
  void whatWasComputedBeforeItCameIsSaidToBeComputed() {
    Tokens prompt = tokens(400, 100);
    store("local", prompt, 5);
    FLEET.local.outruns(0, 1);

    ContextResponse answer = ask(context(prompt));

    assertThat(answer.segments())
        .extracting(Segment::source)
        .containsExactly(Source.PREFILL, Source.FRAGMENT, Source.PREFILL, Source.PREFILL);
    Segment front = answer.segments().getFirst();
    assertThat(front.tokenSpan()).isEqualTo(new TokenSpan(0, 32));
    assertThat(front.why()).contains("computed before its bytes had arrived");
    assertThat(answer.segments().get(1).tokenSpan()).isEqualTo(new TokenSpan(32, 80));
    assertThat(answer.segments().get(1).locations()).isNotEmpty();
    assertThat(answer.coverage().reusedTokens()).isEqualTo(48);
    assertThat(answer.coverage().prefilledTokens()).isEqualTo(52);
  }

  @Test
  void aHoleIsSaidToBeMissingAndWhatIsBehindItIsReused() {
    Tokens prompt = tokens(401, 100);
    store("local", prompt, 5);
    FLEET.local.outruns(0);
    FLEET.local.loses(2);
    double stale = metric("membrane_reconstruction_stale_blocks_total");
    double declined = metric("membrane_reconstruction_declined_tokens_total");

    ContextResponse answer = ask(context(prompt));

    assertThat(explanation(answer).blocks())
        .extracting(Explanation.Block::source)
        .containsExactly(
            Source.PREFILL,
            Source.FRAGMENT,
            Source.PREFILL,
            Source.FRAGMENT,
            Source.FRAGMENT,
            Source.PREFILL);
    assertThat(explanation(answer).blocks().get(2).why()).contains("could not be fetched");
    assertThat(answer.coverage().reusedTokens()).isEqualTo(48);
    assertThat(metric("membrane_reconstruction_stale_blocks_total") - stale).isEqualTo(1);
    assertThat(metric("membrane_reconstruction_declined_tokens_total") - declined).isEqualTo(16);
  }

  @Test
  void ofALinkThatWasTooSlowForSomeBlocksTheOthersTell() {
    Tokens prompt = tokens(402, 100);
    store("local", prompt, 4);
    FLEET.local.measured(List.of(new ProfilePoint(1000, 1e4, 1_000_000)));
    FLEET.local.fetchesIn(1e9);
    FLEET.local.outruns(0, 1);
    try (Replica other = new Replica(FLEET, REDIS)) {
      assertThat(other.ask(context(prompt)).coverage().reusedTokens()).isEqualTo(32);

      assertThat(other.plan(context(tokens(402, 100))).steps().getFirst())
          .extracting(PlannedStep::action)
          .isEqualTo(Action.RECOMPUTE);
    } finally {
      FLEET.local.measured(null);
    }
  }

  @Test
  void whatCouldNotBeStoredIsSaidAndNotDelivered() {
    Tokens prompt = tokens(403, 100);
    store("local", prompt, 2);
    FLEET.local.storesUpTo(4);

    ContextResponse answer = ask(context(prompt));

    assertThat(answer.coverage().prefilledTokens()).isEqualTo(68);
    assertThat(answer.segments())
        .extracting(Segment::tokenSpan)
        .containsExactly(
            new TokenSpan(0, 32),
            new TokenSpan(32, 64),
            new TokenSpan(64, 96),
            new TokenSpan(96, 100));
    assertThat(answer.segments().get(2).why()).contains("it could not be stored: no space left");
    assertThat(answer.segments().get(3).why()).doesNotContain("could not be stored");
  }

  private Explanation explanation(ContextResponse answer) {
    Answer told = get("/v1/contexts/" + answer.contextId() + "/explanation");
    assertThat(told.status()).as(told.body()).isEqualTo(200);
    return WireJson.mapper().readValue(told.body(), Explanation.class);
  }

  private double metric(String name) {
    return get("/actuator/prometheus")
        .body()
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }
}
