package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.fixture.FaultProxy.Fault.Refuse;
import io.membrane.rpc.WireJson;
import io.membrane.wire.MatchRequest;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.membrane.wire.ReconstructionClient.Fidelity;
import io.membrane.wire.ReconstructionClient.Location;
import io.membrane.wire.ReconstructionClient.Segment;
import io.membrane.wire.ReconstructionClient.Source;
import io.membrane.wire.SchedulerClient.Regime;
import io.membrane.wire.SchedulerClient.RouteRequest;
import io.membrane.wire.SchedulerClient.RouteResponse;
import io.membrane.wire.SchedulerClient.Transfer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** What a context costs and what its answer says. */
class ContextTest extends FleetTest {

  @Test
  void aFirstPromptIsPrefilledAndTheSecondComputesOnlyItsTail() {
    Tokens prompt = tokens(2, 100);

    ContextResponse first = ask(context(prompt));
    ContextResponse second = ask(context(prompt));

    assertThat(first.coverage().prefilledTokens()).isEqualTo(100);
    assertThat(first.coverage().ratio()).isZero();
    assertThat(second.coverage().reusedTokens()).isEqualTo(96);
    assertThat(second.coverage().prefilledTokens()).isEqualTo(4);
    assertThat(second.coverage().ratio()).isEqualTo(0.96);
    assertThat(second.contextId()).isNotEqualTo(first.contextId());
    Segment reused = second.segments().getFirst();
    assertThat(reused.source()).isEqualTo(Source.FRAGMENT);
    assertThat(reused.fidelity()).isEqualTo(Fidelity.EXACT);
    assertThat(reused.tokenSpan()).isEqualTo(new TokenSpan(0, 96));
    assertThat(reused.blockHashes()).isEqualTo(hashes(prompt));
    assertThat(reused.locations()).containsExactly(new Location("local", "redis", "redis"));
    assertThat(second.timingsMs().total()).isGreaterThanOrEqualTo(second.timingsMs().match());
    assertThat(second.timingsMs().prefill()).isEqualTo(2);
  }

  @Test
  void aPromptThatSharesItsFirstHalfComputesTheSecond() {
    ask(context(tokens(3, 96)));
    long[] other = tokens(3, 96).toLongs();
    other[48]++;

    ContextResponse answer = ask(context(Tokens.of(other)));

    assertThat(answer.coverage().reusedTokens()).isEqualTo(48);
    assertThat(answer.segments())
        .extracting(Segment::source)
        .containsExactly(Source.FRAGMENT, Source.PREFILL);
    assertThat(answer.segments().getLast().why()).contains("not stored");
  }

  @Test
  void aWhollyStoredPromptNeedsNeitherSchedulerNorWorker() {
    Tokens prompt = tokens(4, 96);
    ask(context(prompt));
    FLEET.scheduler.proxy().inject(new Refuse());
    FLEET.local.peer.proxy().inject(new Refuse());

    ContextResponse answer = ask(context(prompt));

    assertThat(answer.coverage().ratio()).isEqualTo(1);
    assertThat(answer.route()).isNull();
    assertThat(answer.segments()).hasSize(1);
    assertThat(FLEET.local.peer.calls("/v1/prefill")).hasSize(1);
    assertThat(FLEET.fragments.calls("/v1/fragments/exists")).hasSize(1);
  }

  @Test
  void theNextTokenOfAWhollyStoredPromptIsStillComputed() {
    Tokens prompt = tokens(5, 96);
    ask(context(prompt));

    ContextResponse answer = ask(context(prompt).with("next_token", true));

    assertThat(answer.coverage().reusedTokens()).isEqualTo(96);
    assertThat(Objects.requireNonNull(answer.nextToken()).text()).isEqualTo("A");
    assertThat(Objects.requireNonNull(answer.route()).target()).isEqualTo("local");
  }

  @Test
  void theTailIsPrefilledUnderNoBlockHash() {
    Segment tail = ask(context(tokens(6, 37))).segments().getLast();

    assertThat(tail.tokenSpan()).isEqualTo(new TokenSpan(32, 37));
    assertThat(tail.source()).isEqualTo(Source.PREFILL);
    assertThat(tail.blockHashes()).isEmpty();
    assertThat(tail.why()).contains("tail").contains("never stored");
  }

  @Test
  void aPromptShorterThanABlockIsPrefilledWithoutAskingForMatches() {
    ContextResponse answer = ask(context(tokens(7, 5)));

    assertThat(answer.coverage().prefilledTokens()).isEqualTo(5);
    assertThat(FLEET.directory.calls("/v1/directory/match")).isEmpty();
  }

  @Test
  void textIsTokenizedByTheWorker() {
    String text = "a shared memory for serving fleets, again and again";

    ContextResponse first = ask(new Asked(Map.of("text", text)));
    ContextResponse second = ask(new Asked(Map.of("text", text)));

    assertThat(first.totalTokens()).isEqualTo(text.length());
    assertThat(second.coverage().reusedTokens()).isEqualTo(48);
  }

  @Test
  void reportComputesNothing() {
    Tokens prompt = tokens(8, 100);
    store("local", prompt, 2);

    ContextResponse answer = ask(context(prompt).with("on_miss", "report"));

    assertThat(answer.coverage().reusedTokens()).isEqualTo(32);
    assertThat(answer.coverage().missingTokens()).isEqualTo(68);
    assertThat(answer.segments())
        .extracting(Segment::source)
        .containsExactly(Source.FRAGMENT, Source.MISSING, Source.MISSING);
    assertThat(FLEET.local.peer.calls("/v1/prefill")).isEmpty();
    assertThat(FLEET.scheduler.calls("/v1/routes")).isEmpty();
  }

  @Test
  void aStaleDirectoryEntryBecomesPrefillAndNotALie() {
    Tokens prompt = tokens(9, 96);
    store("local", prompt, 6);
    FLEET.lose(keys(prompt).get(2));

    ContextResponse answer = ask(context(prompt));

    assertThat(answer.coverage().reusedTokens()).isEqualTo(32);
    assertThat(answer.coverage().prefilledTokens()).isEqualTo(64);
    assertThat(answer.segments().getLast().why()).contains("its bytes are gone");
    assertThat(ask(context(prompt)).coverage().ratio()).isEqualTo(1);
  }

  @Test
  void aStaleDirectoryEntryIsReportedAsMissing() {
    Tokens prompt = tokens(10, 96);
    store("local", prompt, 6);
    FLEET.lose(keys(prompt).getFirst());

    ContextResponse answer = ask(context(prompt).with("on_miss", "report"));

    assertThat(answer.coverage().missingTokens()).isEqualTo(96);
    assertThat(answer.segments().getFirst().why()).contains("its bytes are gone");
  }

  @Test
  void aFragmentThatTheWorkerCannotFetchAppearsAsPrefilled() {
    Tokens prompt = tokens(11, 100);
    store("local", prompt, 6);
    FLEET.lose(keys(prompt).get(4));

    ContextResponse answer = ask(context(prompt));

    assertThat(answer.coverage().reusedTokens()).isEqualTo(64);
    assertThat(answer.segments())
        .extracting(Segment::tokenSpan)
        .containsExactly(new TokenSpan(0, 64), new TokenSpan(64, 96), new TokenSpan(96, 100));
    assertThat(answer.segments().get(1).source()).isEqualTo(Source.PREFILL);
    assertThat(answer.segments().get(1).why()).contains("could not be fetched");
  }

  @Test
  void whileBandwidthIsScarceNoCacheCrosses() {
    Tokens prompt = tokens(12, 100);
    store("local", prompt, 4);
    store("far", prompt, 1);
    FLEET.route(r -> MiniFleet.to("far", Regime.SCARCE, r));

    ContextResponse answer = ask(context(prompt));

    assertThat(answer.coverage().reusedTokens()).isEqualTo(16);
    assertThat(answer.segments().get(1).why()).contains("far").contains("scarce");
    assertThat(FLEET.far.peer.calls("/v1/prefill")).hasSize(1);
    assertThat(FLEET.local.peer.calls("/v1/prefill")).isEmpty();
  }

  @Test
  void aTransferBringsTheLongerCacheToTheTarget() {
    Tokens prompt = tokens(13, 100);
    store("local", prompt, 4);
    store("far", prompt, 1);
    Function<RouteRequest, RouteResponse> moving =
        r -> {
          RouteResponse far = MiniFleet.to("far", Regime.ABUNDANT, r);
          return new RouteResponse(
              "far",
              null,
              1000,
              1000,
              36,
              Regime.ABUNDANT,
              new Transfer("local", "far", 64),
              far.expected(),
              far.terms(),
              far.rule(),
              "moved");
        };
    FLEET.route(moving);

    ContextResponse answer = ask(context(prompt));

    assertThat(answer.coverage().reusedTokens()).isEqualTo(64);
    assertThat(answer.segments().getFirst().tokenSpan()).isEqualTo(new TokenSpan(0, 16));
    assertThat(answer.segments().get(1).tokenSpan()).isEqualTo(new TokenSpan(16, 64));
    assertThat(answer.segments().get(1).why()).contains("moved to far");
  }

  @Test
  void theSchedulerIsToldWhatEachClusterHolds() {
    Tokens prompt = tokens(14, 100);
    store("local", prompt, 4);
    store("far", prompt, 1);

    ask(context(prompt));

    String asked = FLEET.scheduler.calls("/v1/routes").getFirst().body();
    RouteRequest request = WireJson.mapper().readValue(asked, RouteRequest.class);
    assertThat(request.totalTokens()).isEqualTo(100);
    assertThat(request.clusters())
        .extracting(c -> c.cluster() + "/" + c.role() + "/" + c.cachedTokens())
        .containsExactlyInAnyOrder("local/PD/64", "far/PREFILL/16");
  }

  @Test
  void aMatchIsNeverOlderThanWhatThisServiceStored() {
    ask(context(tokens(15, 64)));
    String position = FLEET.position();

    ask(context(tokens(16, 64)));

    String asked = FLEET.directory.calls("/v1/directory/match").getLast().body();
    MatchRequest request = WireJson.mapper().readValue(asked, MatchRequest.class);
    assertThat(request.atLeast()).isEqualTo(position);
    assertThat(request.needs()).isEqualTo(List.of(MiniFleet.SLICE));
  }

  @Test
  void tenantsDoNotShareUnlessTheDirectorySaysSo() {
    Tokens prompt = tokens(18, 96);
    ask(context(prompt));

    ContextResponse other = post(context(prompt).json(), "Membrane-Tenant", "acme").context();

    assertThat(other.coverage().reusedTokens()).isZero();
    assertThat(other.segments().getFirst().blockHashes())
        .doesNotContainAnyElementsOf(hashes(prompt));
    assertThat(FLEET.local.peer.calls("/v1/prefill").getLast().tenant()).isEqualTo("acme");
  }

  @Test
  void deadlineMsBoundsWhatOthersMayTake() {
    ask(context(tokens(19, 96)).with("deadline_ms", 5000));
    ask(context(tokens(20, 96)).with("deadline_ms", Long.MAX_VALUE));

    List<Peer.Call> prefills = FLEET.local.peer.calls("/v1/prefill");
    assertThat(prefills.getFirst().deadlineMs()).isBetween(1L, 5000L);
    assertThat(prefills.getLast().deadlineMs()).isBetween(5001L, 60_000L);
  }
}
