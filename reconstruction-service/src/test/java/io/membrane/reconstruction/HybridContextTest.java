package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.FragmentKey;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.block.Tokens;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.Frame;
import io.membrane.rpc.FrameReader;
import io.membrane.rpc.WireJson;
import io.membrane.tenancy.Policies;
import io.membrane.tenancy.Policy;
import io.membrane.tenancy.Reuse;
import io.membrane.tenancy.Sharing;
import io.membrane.wire.FragmentClient.Keys;
import io.membrane.wire.MatchRequest;
import io.membrane.wire.NamespaceRequest;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.membrane.wire.SchedulerClient.Regime;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** Contexts of a model whose worker also needs the state at the end of a prefix. */
class HybridContextTest extends FleetTest {

  private static final String PREFETCH = "/v1/fragments/prefetch";
  private static final Namespace NAMESPACE = new Namespace("hybrid", "r1", "f32", 16);
  private static final Slice ATTENTION = Slice.parse("attn.0-7.0of1");
  private static final Slice STATE = Slice.parse("state.0-7.0of1");
  private static final MiniWorker WORKER =
      new MiniWorker(FLEET, "hybrid", NAMESPACE, ATTENTION, STATE);

  @Autowired StringRedisTemplate redis;

  @DynamicPropertySource
  static void hybrid(DynamicPropertyRegistry properties) {
    properties.add("membrane.reconstruction.clusters.hybrid.url", WORKER.peer::url);
    properties.add("membrane.reconstruction.clusters.hybrid.role", () -> "pd");
  }

  @BeforeEach
  void toTheHybrid() {
    WORKER.peer.reset();
    FLEET.route(request -> MiniFleet.to("hybrid", Regime.SCARCE, request));
  }

  @Test
  void theMatchAsksForKvAndStateAndThePlanEndsAtAState() {
    Tokens prompt = tokens(40, 100);
    ask(hybrid(prompt.slice(0, 70)));
    MatchRequest match =
        WireJson.mapper()
            .readValue(
                FLEET.directory.calls("/v1/directory/match").getLast().body(), MatchRequest.class);
    assertThat(match.needs()).containsExactly(ATTENTION, STATE);
    FLEET.lose(new FragmentKey(chain(prompt).get(3), STATE));
    ContextResponse again = ask(hybrid(prompt.slice(0, 64)));
    assertThat(again.coverage().reusedTokens()).isEqualTo(32);
    assertThat(again.coverage().prefilledTokens()).isEqualTo(32);
  }

  @Test
  void aStateThatIsGoneMovesTheReportedCoverageBack() {
    Tokens prompt = tokens(41, 64);
    ask(hybrid(prompt));
    assertThat(ask(report(prompt)).coverage().reusedTokens()).isEqualTo(64);
    FLEET.lose(new FragmentKey(chain(prompt).get(3), STATE));
    assertThat(ask(report(prompt)).coverage().reusedTokens()).isEqualTo(32);
    FLEET.lose(new FragmentKey(chain(prompt).get(1), STATE));
    assertThat(ask(report(prompt)).coverage().reusedTokens()).isZero();
  }

  @Test
  void theNextTokenIsPlannedFromAStateBeforeIt() {
    Tokens prompt = tokens(42, 64);
    ask(hybrid(prompt));
    ContextResponse answer = ask(hybrid(prompt).with("next_token", true));
    assertThat(answer.coverage().reusedTokens()).isEqualTo(32);
    PrefillRequest asked =
        WireJson.mapper()
            .readValue(WORKER.peer.calls("/v1/prefill").getLast().body(), PrefillRequest.class);
    assertThat(Objects.requireNonNull(asked.prefix()).blockHashes())
        .isEqualTo(chain(prompt).subList(0, 2));
  }

  @Test
  void bytesAreTheKvOfEveryBlockAndTheStateOfTheLast() throws IOException {
    Tokens prompt = tokens(43, 64);
    ask(hybrid(prompt));
    List<FragmentKey> delivered = new ArrayList<>();
    try (InputStream body = postForBytes(hybrid(prompt).with("deliver", "bytes").json()).body()) {
      FrameReader frames = new FrameReader(body, 1 << 20, 100);
      for (Frame frame = frames.next(); frame != null; frame = frames.next()) {
        delivered.add(frame.header().key());
      }
    }
    List<FragmentKey> expected = new ArrayList<>();
    chain(prompt).forEach(hash -> expected.add(new FragmentKey(hash, ATTENTION)));
    expected.add(new FragmentKey(chain(prompt).getLast(), STATE));
    assertThat(delivered).isEqualTo(expected);
  }

  @Test
  void bytesWithTheTailEndWithItsKvAndTheStateBehindTheLastToken() throws IOException {
    Tokens prompt = tokens(45, 37);
    List<Frame> frames = new ArrayList<>();
    String asked = hybrid(prompt).with("deliver", "bytes").with("tail", true).json();
    try (InputStream body = postForBytes(asked).body()) {
      FrameReader reader = new FrameReader(body, 1 << 20, 100);
      for (Frame frame = reader.next(); frame != null; frame = reader.next()) {
        frames.add(frame);
      }
    }
    assertThat(frames)
        .extracting(frame -> frame.header().key().slice())
        .containsExactly(ATTENTION, ATTENTION, STATE, ATTENTION, STATE);
    assertThat(frames.subList(3, 5))
        .extracting(frame -> frame.body().length)
        .containsExactly(5, 64);
    assertThat(frames.get(3).header().key().hash())
        .isEqualTo(frames.get(4).header().key().hash())
        .isNotIn(chain(prompt));
  }

  @Test
  void theSnapshotThatTheNextTurnBeginsBehindIsFetchedAhead() {
    Tokens prompt = tokens(46, 100);
    BlockHash last = chain(prompt).getLast();
    FLEET.snapshot(last, STATE, 64);
    ask(hybrid(prompt).with("session_id", "talk"));
    ask(hybrid(tokens(46, 150)).with("session_id", "talk"));

    Awaitility.await().until(() -> !FLEET.fragments.calls(PREFETCH).isEmpty());

    List<FragmentKey> keys =
        WireJson.mapper()
            .readValue(FLEET.fragments.calls(PREFETCH).getFirst().body(), Keys.class)
            .keys();
    assertThat(keys.getFirst()).isEqualTo(new FragmentKey(last, STATE));
    assertThat(keys.subList(1, keys.size())).extracting(FragmentKey::hash).isEqualTo(chain(prompt));
    assertThat(keys.subList(1, keys.size())).allMatch(k -> k.slice().kind() == Slice.Kind.ATTN);
  }

  @Test
  void shiftedReuseIsExactAndSaysWhy() {
    Policy policy =
        new Policy(null, null, null, Sharing.ISOLATED, null, Policy.DEFAULT_CLASS, Reuse.SHIFTED);
    redis.opsForValue().set(Policies.key("bold"), WireJson.mapper().writeValueAsString(policy));
    Tokens prompt = tokens(47, 100);
    BlockHash source = chain(tokens(48, 16)).getFirst();
    FLEET.put("hybrid", new FragmentKey(source, ATTENTION), new byte[64]);
    FLEET.describe(prompt.slice(32, 48), "hybrid", source, 0);

    Answer answer = post(hybrid(prompt).with("reuse", "shifted").json(), "Membrane-Tenant", "bold");

    ContextResponse context = answer.context();
    assertThat(context.shifted()).isNull();
    assertThat(context.coverage().prefilledTokens()).isEqualTo(100);
    assertThat(context.segments())
        .isNotEmpty()
        .allMatch(segment -> segment.why().contains("the states of this hybrid model"));
    PrefillRequest asked =
        WireJson.mapper()
            .readValue(WORKER.peer.calls("/v1/prefill").getLast().body(), PrefillRequest.class);
    assertThat(asked.shifted()).isNull();
    assertThat(ask(hybrid(tokens(49, 40))).segments())
        .noneMatch(segment -> segment.why().contains("hybrid"));
  }

  /** The worker stores KV before states: one that died in between leaves KV alone. */
  @Test
  void kvWithoutItsStatesIsComputedAgainAndThenWhole() {
    Tokens prompt = tokens(50, 96);
    ask(hybrid(prompt.slice(0, 32)));
    chain(prompt)
        .subList(2, 6)
        .forEach(hash -> FLEET.put("hybrid", new FragmentKey(hash, ATTENTION), new byte[64]));

    ContextResponse answer = ask(hybrid(prompt));

    assertThat(answer.coverage().reusedTokens()).isEqualTo(32);
    assertThat(answer.coverage().prefilledTokens()).isEqualTo(64);
    assertThat(ask(report(prompt)).coverage().reusedTokens()).isEqualTo(96);
  }

  @Test
  void aDamagedStateIsNotDelivered() throws IOException {
    Tokens prompt = tokens(51, 64);
    ask(hybrid(prompt));
    FLEET.damage(new FragmentKey(chain(prompt).getLast(), STATE));
    try (InputStream body = postForBytes(hybrid(prompt).with("deliver", "bytes").json()).body()) {
      FrameReader frames = new FrameReader(body, 1 << 20, 100);
      for (int block = 0; block < 4; block++) {
        assertThat(Objects.requireNonNull(frames.next()).status()).isEqualTo(200);
      }
      Frame state = Objects.requireNonNull(frames.next());
      assertThat(state.status()).isEqualTo(422);
      assertThat(state.body()).isEmpty();
    }
  }

  @Test
  void whateverIsStoredAReportEndsAtTheLastUsableState() {
    Tokens prompt = tokens(44, 6 * 16);
    List<BlockHash> chain = chain(prompt);
    Seeds.forAll(
        40,
        random -> {
          FLEET.reset();
          int run = 0;
          int usable = 0;
          for (int block = 0; block < 6; block++) {
            boolean hasKv = random.nextInt(8) > 0;
            boolean hasState = random.nextBoolean();
            place(new FragmentKey(chain.get(block), ATTENTION), hasKv, random.nextBoolean());
            place(new FragmentKey(chain.get(block), STATE), hasState, random.nextBoolean());
            run = hasKv && run == block ? run + 1 : run;
            usable = run == block + 1 && hasState ? run : usable;
          }
          assertThat(ask(report(prompt)).coverage().reusedTokens()).isEqualTo(usable * 16);
        });
  }

  /** Stores a fragment, or only lets the directory believe that it is there. */
  private static void place(FragmentKey key, boolean isThere, boolean isNamed) {
    if (isThere || isNamed) {
      FLEET.put("hybrid", key, new byte[64]);
    }
    if (!isThere) {
      FLEET.lose(key);
    }
  }

  private static Asked hybrid(Tokens tokens) {
    return new Asked(Map.of("namespace", NamespaceRequest.of(NAMESPACE), "tokens", tokens));
  }

  private static Asked report(Tokens tokens) {
    return hybrid(tokens).with("on_miss", "report");
  }

  private static List<BlockHash> chain(Tokens tokens) {
    return BlockHasher.chain(FLEET.root(NAMESPACE, "default"), 16, tokens);
  }
}
