package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.FragmentKey;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.reconstruction.explain.Explanation;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.tenancy.Policies;
import io.membrane.tenancy.Policy;
import io.membrane.tenancy.Reuse;
import io.membrane.tenancy.Sharing;
import io.membrane.wire.DirectoryClient.DescribeRequest;
import io.membrane.wire.DirectoryClient.Description;
import io.membrane.wire.FragmentClient.Keys;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.ReconstructionClient.ApproximateReport;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.membrane.wire.ReconstructionClient.Coverage;
import io.membrane.wire.ReconstructionClient.Fidelity;
import io.membrane.wire.ReconstructionClient.Segment;
import io.membrane.wire.ReconstructionClient.Source;
import io.membrane.wire.Shifted;
import io.membrane.wire.Shifted.ShiftedBlock;
import io.membrane.wire.Shifted.ShiftedUse;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.assertj.core.groups.Tuple;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.test.context.TestPropertySource;

/**
 * Six blocks and a tail: the first is stored, the fourth behind other tokens, and one that is
 * similar to the third.
 */
@TestPropertySource(
    properties = {
      "membrane.reconstruction.approximate.least-similarity=0.85",
      "membrane.reconstruction.approximate.least-equal=0.7",
      "membrane.reconstruction.approximate.patience=500ms"
    })
class ApproximateContextTest extends FleetTest {

  private static final String BOLD = "bolder";
  private static final String PREFETCH = "/v1/fragments/prefetch";
  private static final String SEARCH = "/v1/directory/chunks/search";
  private static final Tokens PROMPT = tokens(190, 100);
  private static final Tokens ELSEWHERE = tokens(191, 96);

  @Autowired StringRedisTemplate redis;

  @BeforeEach
  void storeAndAllow() {
    allow(BOLD, Reuse.APPROXIMATE);
    put(chain(PROMPT).getFirst());
    put(source());
    put(chain(ELSEWHERE).getFirst());
    FLEET.mean(edited(block(2)), "local", source(), 64);
    FLEET.describe(block(3), "local", chain(ELSEWHERE).getFirst(), 0);
  }

  @Test
  void similarBlocksAreReusedAndSaidToBeApproximate() {
    ContextResponse answer = ask("approximate");

    assertThat(answer.coverage()).isEqualTo(new Coverage(16 + 24, 60, 0, 0.4, 12, 12));
    assertThat(answer.segments())
        .extracting(Segment::tokenSpan, Segment::source, Segment::fidelity)
        .containsExactly(
            tuple(0, 16, Source.FRAGMENT, Fidelity.EXACT),
            tuple(16, 32, Source.PREFILL, null),
            tuple(32, 48, Source.FRAGMENT, Fidelity.APPROXIMATE),
            tuple(48, 64, Source.FRAGMENT, Fidelity.APPROXIMATE),
            tuple(64, 100, Source.PREFILL, Fidelity.APPROXIMATE));
    assertThat(answer.segments().get(2).why())
        .contains("similar tokens (0.")
        .contains(source().hex());
    assertThat(answer.segments().get(3).why()).contains("the same tokens");
    assertThat(answer.segments().get(4).why()).contains("behind approximate blocks");
    List<BlockHash> names =
        answer.segments().stream().flatMap(s -> s.blockHashes().stream()).toList();
    assertThat(names.subList(2, 6)).doesNotContainAnyElementsOf(chain(PROMPT));
    ShiftedUse use = Objects.requireNonNull(answer.shifted()).blocks().getFirst();
    assertThat(use.similarity()).isBetween(0.85, 0.999);
    assertThat(use.approximateSpans()).containsExactly(new TokenSpan(32, 44));
    assertThat(report(answer).searchedBlocks()).isEqualTo(4);
    assertThat(report(answer).similarBlocks()).isEqualTo(1);
    assertThat(report(answer).leastSimilarity()).isEqualTo(0.85);
  }

  @Test
  void theWorkerIsToldWhichBlocksMayDifferAndHowFar() {
    ask("approximate");

    Shifted asked = Objects.requireNonNull(lastPrefill().shifted());
    assertThat(asked.leastEqual()).isEqualTo(0.7);
    ShiftedBlock similar = asked.blocks().getFirst();
    assertThat(similar.tokenSpan()).isEqualTo(new TokenSpan(32, 48));
    assertThat(similar.sourceBlockHash()).isEqualTo(source());
    assertThat(similar.sourceFrom()).isEqualTo(64);
    assertThat(similar.approximate()).isTrue();
    assertThat(asked.blocks().getLast())
        .isEqualTo(new ShiftedBlock(new TokenSpan(48, 64), chain(ELSEWHERE).getFirst(), 0));
  }

  @Test
  void similarBlocksAreBroughtIntoMemory() {
    double before =
        counted("membrane_reconstruction_semantic_prefetched_blocks_total{outcome=\"asked\"");
    assertThat(report(ask("approximate")).prefetchedBlocks()).isEqualTo(1);

    Awaitility.await().until(() -> !prefetches().isEmpty());
    assertThat(prefetches()).containsExactly(List.of(key(source())));
    Awaitility.await()
        .until(() ->
            counted("membrane_reconstruction_semantic_prefetched_blocks_total{outcome=\"asked\"")
                == before + 1);
  }

  @Test
  void withReportSimilarBlocksAreOnlyPrefetchedAndTheAnswerIsTheSame() {
    String exact = context(PROMPT).with("on_miss", "report").json();
    ContextResponse plain = post(exact, "Membrane-Tenant", BOLD).context();
    String body = context(PROMPT).with("on_miss", "report").with("reuse", "approximate").json();

    ContextResponse answer = post(body, "Membrane-Tenant", BOLD).context();

    assertThat(answer.segments()).isEqualTo(plain.segments());
    assertThat(answer.coverage()).isEqualTo(plain.coverage());
    assertThat(report(answer).why()).contains("only prefetched");
    Awaitility.await().until(() -> !prefetches().isEmpty());
    assertThat(prefetches()).containsExactly(List.of(key(source())));
    assertThat(FLEET.local.peer.calls("/v1/prefill")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"exact", "shifted"})
  void whoDoesNotAskForItGetsNone(String reuse) {
    ContextResponse answer = ask(reuse);

    assertThat(answer.approximate()).isNull();
    assertThat(answer.segments()).noneMatch(s -> s.fidelity() == Fidelity.APPROXIMATE);
    assertThat(FLEET.local.peer.calls("/v1/embeddings")).isEmpty();
    assertThat(prefetches()).isEmpty();
  }

  @Test
  void blocksThatAreNotSimilarEnoughAreComputedExactlyAndDescribed() {
    FLEET.reset();
    FLEET.mean(tokens(192, 16), "local", source(), 64);

    ContextResponse answer = ask("approximate");

    assertThat(answer.segments()).allMatch(s -> s.fidelity() == null);
    assertThat(answer.shifted()).isNull();
    assertThat(report(answer).similarBlocks()).isZero();
    assertThat(report(answer).why()).contains("similar enough");
    Awaitility.await().until(() -> !FLEET.directory.calls("/v1/directory/chunks").isEmpty());
    DescribeRequest told =
        WireJson.mapper()
            .readValue(
                FLEET.directory.calls("/v1/directory/chunks").getFirst().body(),
                DescribeRequest.class);
    assertThat(told.blocks()).extracting(Description::blockHash).isEqualTo(chain(PROMPT));
    assertThat(told.blocks().get(2).embedding()).isEqualTo(MiniFleet.embedding(block(2)));
  }

  @Test
  void aWhollyStoredPromptIsServedExactlyWithoutASearch() {
    chain(PROMPT).forEach(ApproximateContextTest::put);
    String body = context(PROMPT.slice(0, 96)).with("reuse", "approximate").json();

    ContextResponse answer = post(body, "Membrane-Tenant", BOLD).context();

    assertThat(answer.segments()).extracting(Segment::fidelity).containsExactly(Fidelity.EXACT);
    assertThat(report(answer).searchedBlocks()).isZero();
    assertThat(FLEET.local.peer.calls("/v1/embeddings")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"timid,", "shifty, SHIFTED"})
  void aTenantWhosePolicyDoesNotSaySoIsRefused(String tenant, @Nullable Reuse policy) {
    if (policy != null) {
      allow(tenant, policy);
    }
    String detail =
        post(context(PROMPT).with("reuse", "approximate").json(), "Membrane-Tenant", tenant)
            .problem(403, "forbidden")
            .detail();

    assertThat(detail).contains(tenant).contains("\"reuse\":\"approximate\"");
    assertThat(FLEET.directory.calls(SEARCH)).isEmpty();
    assertThat(FLEET.local.peer.calls("/v1/embeddings")).isEmpty();
    assertThat(prefetches()).isEmpty();
  }

  @Test
  void optionsWithReportAreRefused() {
    String body =
        "{\"tokens\":[1],\"reuse\":\"approximate\",\"on_miss\":\"report\",\"shifted\":{}}";
    assertThat(post(body, "Membrane-Tenant", BOLD).problem(422, "impossible_request").detail())
        .contains("on_miss prefill");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "slow search",
        "refused search",
        "slow",
        "cut",
        "nonsense",
        "{}",
        "{\"data\":[null]}"
      })
  void aSearchThatFailsLeavesTheContextExactAndIsSaid(String fault) {
    FLEET.reset();
    put(chain(PROMPT).getFirst());
    put(source());
    FLEET.mean(edited(block(2)), "local", source(), 64);
    CountDownLatch released = new CountDownLatch(1);
    double before = counted("membrane_reconstruction_failed_semantic_searches_total");
    try {
      inject(fault, released);
      ContextResponse answer = ask("approximate");

      assertThat(answer.segments())
          .extracting(Segment::fidelity)
          .containsExactly(Fidelity.EXACT, null, null);
      assertThat(answer.coverage()).isEqualTo(new Coverage(16, 84, 0, 0.16));
      assertThat(report(answer).why()).contains("the context is exact: ");
      assertThat(explanation(answer).response().approximate()).isEqualTo(answer.approximate());
      assertThat(counted("membrane_reconstruction_failed_semantic_searches_total"))
          .isEqualTo(before + 1);
      assertThat(post(context(PROMPT).json()).status()).isEqualTo(200);
    } finally {
      released.countDown();
    }
  }

  private static void inject(String fault, CountDownLatch released) {
    Peer worker = FLEET.local.peer;
    switch (fault) {
      case "slow search" -> FLEET.beforeSimilar(() -> await(released));
      case "refused search" ->
          FLEET.beforeSimilar(() -> {
            throw new MembraneException(ErrorCode.OVERLOADED, "too much to look for");
          });
      case "slow" -> worker.stallMidBody("/v1/embeddings", "{");
      case "cut" -> worker.cutMidBody("/v1/embeddings", "{");
      default -> worker.answerInstead("/v1/embeddings", fault);
    }
  }

  private static void await(CountDownLatch released) {
    try {
      released.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @ParameterizedTest
  @CsvSource({"approximate, shifted", "approximate_spans, other_spans"})
  void aWorkerThatHidesWhatIsApproximateIsNotBelieved(String said, String instead)
      throws Exception {
    ask("approximate");
    Peer.Call call = FLEET.local.peer.calls("/v1/prefill").getLast();
    HttpRequest again =
        HttpRequest.newBuilder(URI.create(FLEET.local.peer.url() + call.path()))
            .header("Membrane-Tenant", call.tenant())
            .header("Membrane-Deadline-Ms", "5000")
            .POST(HttpRequest.BodyPublishers.ofString(call.body()))
            .build();
    String honest = HTTP.send(again, BodyHandlers.ofString()).body();
    assertThat(honest).contains("\"" + said + "\"");
    FLEET.local.peer.answerInstead(
        "/v1/prefill", honest.replace("\"" + said + "\"", "\"" + instead + "\""));

    post(context(PROMPT).with("reuse", "approximate").json(), "Membrane-Tenant", BOLD)
        .problem(503, "dependency_unavailable");
  }

  @Test
  void approximateTokensAreCountedApart() {
    double before = counted("membrane_reconstruction_tokens_total{source=\"approximate\"");
    ask("approximate");
    assertThat(counted("membrane_reconstruction_tokens_total{source=\"approximate\""))
        .isEqualTo(before + 12);
  }

  private double counted(String metric) {
    return get("/actuator/prometheus")
        .body()
        .lines()
        .filter(line -> line.startsWith(metric))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }

  private ContextResponse ask(String reuse) {
    return post(context(PROMPT).with("reuse", reuse).json(), "Membrane-Tenant", BOLD).context();
  }

  private Explanation explanation(ContextResponse answer) {
    String path = "/v1/contexts/" + answer.contextId() + "/explanation";
    return WireJson.mapper()
        .readValue(get(path, "Membrane-Tenant", BOLD).body(), Explanation.class);
  }

  private static ApproximateReport report(ContextResponse answer) {
    return Objects.requireNonNull(answer.approximate());
  }

  private void allow(String tenant, Reuse reuse) {
    Policy policy =
        new Policy(null, null, null, Sharing.ISOLATED, null, Policy.DEFAULT_CLASS, reuse);
    redis.opsForValue().set(Policies.key(tenant), WireJson.mapper().writeValueAsString(policy));
  }

  private static List<List<FragmentKey>> prefetches() {
    return FLEET.fragments.calls(PREFETCH).stream()
        .map(call -> WireJson.mapper().readValue(call.body(), Keys.class).keys())
        .toList();
  }

  private static PrefillRequest lastPrefill() {
    return WireJson.mapper()
        .readValue(FLEET.local.peer.calls("/v1/prefill").getLast().body(), PrefillRequest.class);
  }

  private static Tuple tuple(int from, int to, Source source, @Nullable Fidelity fidelity) {
    return Tuple.tuple(new TokenSpan(from, to), source, fidelity);
  }

  private static BlockHash source() {
    return chain(ELSEWHERE).get(4);
  }

  private static Tokens edited(Tokens tokens) {
    long[] ids = tokens.toLongs();
    ids[15]++;
    return Tokens.of(ids);
  }

  private static void put(BlockHash hash) {
    FLEET.put("local", key(hash), MiniFleet.kv(hash, MiniWorker.PAYLOAD_BYTES));
  }

  private static FragmentKey key(BlockHash hash) {
    return new FragmentKey(hash, MiniFleet.SLICE);
  }

  private static Tokens block(int block) {
    return PROMPT.slice(block * 16, block * 16 + 16);
  }

  private static List<BlockHash> chain(Tokens tokens) {
    return BlockHasher.chain(FLEET.root(MiniFleet.NAMESPACE, BOLD), 16, tokens);
  }
}
