package io.membrane.system;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Namespace;
import io.membrane.block.Tokens;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.Frame;
import io.membrane.system.Http.Answer;
import io.membrane.wire.ComputeClient.ModelList;
import io.membrane.wire.MatchResponse;
import io.membrane.wire.PrefillResponse.NextToken;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.membrane.wire.ReconstructionClient.Source;
import io.membrane.wire.SchedulerClient.RouteResponse;
import io.membrane.wire.TransferBlock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** Prompts in, contexts out, through the gateway. */
class MainJobTest {

  @RegisterExtension static final TestFleet FLEET = TestFleet.shared();

  private final Http http = FLEET.http();

  @Test
  void theSamePromptAgainComputesOnlyItsTail() {
    Tokens prompt = prompt(1, 1000);
    int block = TestFleet.BLOCK_TOKENS;
    int full = 1000 / block * block;

    ContextResponse cold = context(Map.of("tokens", prompt.toLongs()));
    assertThat(cold.coverage().reusedTokens()).isZero();
    assertThat(cold.coverage().prefilledTokens()).isEqualTo(1000);
    assertThat(cold.blockTokens()).isEqualTo(block);

    ContextResponse warm = context(Map.of("tokens", prompt.toLongs()));
    assertThat(warm.coverage().reusedTokens()).isEqualTo(full);
    assertThat(warm.coverage().prefilledTokens()).isEqualTo(1000 - full);
    assertThat(warm.coverage().missingTokens()).isZero();
    assertThat(warm.coverage().ratio()).isCloseTo(full / 1000.0, within(1e-3));
    assertThat(warm.segments().getFirst().source()).isEqualTo(Source.FRAGMENT);
    assertThat(warm.segments().getFirst().blockHashes()).hasSize(full / block);
    assertThat(warm.segments().getFirst().locations()).isNotEmpty();
  }

  @Test
  void aPromptThatSharesItsBeginningComputesTheRestOnTopOfIt() {
    Tokens first = prompt(2, 1000);
    long[] shared = first.toLongs();
    long[] other = prompt(3, 1000).toLongs();
    System.arraycopy(shared, 0, other, 0, 500);
    context(Map.of("tokens", shared));

    ContextResponse half = context(Map.of("tokens", other));

    int reused = 500 / TestFleet.BLOCK_TOKENS * TestFleet.BLOCK_TOKENS;
    assertThat(half.coverage().reusedTokens()).isEqualTo(reused);
    assertThat(half.coverage().prefilledTokens()).isEqualTo(1000 - reused);
  }

  @Test
  void theNextTokenIsTheSameWhetherTheContextWasComputedOrRebuilt() {
    for (int length : List.of(700, 512, 64)) {
      Map<String, Object> request =
          Map.of("tokens", prompt(100 + length, length).toLongs(), "next_token", true);
      NextToken cold = Objects.requireNonNull(context(request).nextToken());
      ContextResponse again = context(request);
      NextToken warm = Objects.requireNonNull(again.nextToken());
      assertThat(warm.id()).isEqualTo(cold.id());
      assertThat(warm.logit()).isCloseTo(cold.logit(), within(1e-3f));
      assertThat(again.coverage().reusedTokens()).isGreaterThan(length - 65);
    }
  }

  @Test
  void textIsTokenizedByTheModelsOwnTokenizer() {
    String text = "Membrane keeps the KV of every prompt that it has seen. ".repeat(40);
    JsonNode tokens = http.post("/v1/tokenize", Map.of("text", text)).json();
    ContextResponse cold = context(Map.of("text", text));
    assertThat(cold.totalTokens()).isEqualTo(tokens.get("count").asInt());
    List<Long> ids = new ArrayList<>();
    tokens.get("tokens").forEach(id -> ids.add(id.asLong()));
    ContextResponse sameAsTokens = context(Map.of("tokens", ids));
    assertThat(sameAsTokens.coverage().reusedTokens()).isPositive();
  }

  @Test
  void reportTellsWhatIsMissingAndComputesNothing() {
    long[] prompt = prompt(4, 300).toLongs();
    for (int i = 0; i < 2; i++) {
      ContextResponse report = context(Map.of("tokens", prompt, "on_miss", "report"));
      assertThat(report.coverage().missingTokens()).isEqualTo(300);
      assertThat(report.coverage().prefilledTokens()).isZero();
    }
  }

  @Test
  void bytesAreDeliveredAsTheyAreStored() {
    long[] prompt = prompt(5, 256).toLongs();
    ContextResponse references = context(Map.of("tokens", prompt));
    List<Frame> frames =
        http.post("/v1/contexts", Map.of("tokens", prompt, "deliver", "bytes")).frames();
    assertThat(frames).hasSize(256 / TestFleet.BLOCK_TOKENS);
    assertThat(references.segments().getFirst().blockHashes())
        .containsExactlyElementsOf(frames.stream().map(f -> f.header().key().hash()).toList());
    for (Frame frame : frames) {
      assertThat(frame.status()).isEqualTo(200);
      assertThat(ContentDigest.of(frame.body())).isEqualTo(frame.header().digest());
      Answer stored = http.get("/v1/fragments/" + frame.header().key());
      assertThat(stored.response().body()).isEqualTo(frame.body());
      assertThat(stored.header("ETag")).isEqualTo(ContentDigest.of(frame.body()).toEtag());
    }
  }

  @Test
  void theTailIsHandedOutOnceWhicheverWorkerHasIt() {
    long[] prompt = prompt(12, 300).toLongs();
    TransferBlock tail =
        requireNonNull(context(Map.of("tokens", prompt, "tail", true)).transferBlock());

    Answer answer = http.get("/v1/transfer-blocks/" + tail.id());

    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    byte[] bytes = answer.response().body();
    assertThat(ContentDigest.of(bytes)).isEqualTo(tail.digest());
    http.get("/v1/transfer-blocks/" + tail.id()).problem(404);
    List<Frame> frames =
        http.post("/v1/contexts", Map.of("tokens", prompt, "deliver", "bytes", "tail", true))
            .frames();
    assertThat(frames).hasSize(300 / TestFleet.BLOCK_TOKENS + 1);
    assertThat(frames.getLast().status()).isEqualTo(200);
    assertThat(frames.getLast().body()).hasSameSizeAs(bytes);
  }

  @Test
  void everyContextCanBeExplained() {
    long[] prompt = prompt(6, 200).toLongs();
    ContextResponse context = context(Map.of("tokens", prompt));
    Answer explanation = http.get("/v1/contexts/" + context.contextId() + "/explanation");
    assertThat(explanation.status()).as(explanation.text()).isEqualTo(200);
    assertThat(explanation.text()).contains(context.contextId());
    http.get("/v1/contexts/ctx-that-never-was/explanation").problem(404);
  }

  @Test
  void anEngineCanDoWithoutUsHashingMatchingAndFetchingByItself() {
    ModelList models = http.get("/v1/models").as(ModelList.class);
    Namespace namespace = models.data().getFirst().namespace();
    long[] prompt = prompt(7, 256).toLongs();
    context(Map.of("tokens", prompt));

    MatchResponse match =
        http.post("/v1/directory/match", Map.of("namespace", namespace, "tokens", prompt))
            .as(MatchResponse.class);

    assertThat(Objects.requireNonNull(match.best()).matchedTokens()).isEqualTo(256);
    FragmentKey key =
        FragmentKey.parse(
            match.blockHashes().getFirst()
                + "/attn.0-%d.0of1"
                    .formatted(requireNonNull(models.data().getFirst().signature()).layers() - 1));
    assertThat(http.get("/v1/fragments/" + key).response().body()).isNotEmpty();
  }

  @Test
  void aLongUncachedPromptGoesToThePrefillClusterAndAShortOneStays() {
    RouteResponse near = route(prompt(910, TestFleet.THRESHOLD));
    assertThat(near.target()).isEqualTo("local");
    assertThat(near.thresholdTokens()).isEqualTo(TestFleet.THRESHOLD);

    Tokens longPrompt = prompt(911, TestFleet.THRESHOLD + 500);
    RouteResponse far = route(longPrompt);
    assertThat(far.target()).isEqualTo("far");
    assertThat(far.incrementalTokens()).isEqualTo(TestFleet.THRESHOLD + 500);
    assertThat(far.reason()).isNotBlank();

    RouteResponse again = route(longPrompt);
    assertThat(again.target()).isEqualTo("local");
    assertThat(again.incrementalTokens()).isLessThan(TestFleet.BLOCK_TOKENS);
  }

  @Test
  void manyAtOnceGetTheSameAnswer() throws Exception {
    long[] prompt = prompt(8, 400).toLongs();
    Map<String, Object> request = Map.of("tokens", prompt, "next_token", true);
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<ContextResponse>> calls = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        calls.add(() -> context(request));
      }
      List<Long> next = new ArrayList<>();
      for (Future<ContextResponse> answer : executor.invokeAll(calls)) {
        ContextResponse context = answer.get();
        assertThat(context.coverage().missingTokens()).isZero();
        next.add(Objects.requireNonNull(context.nextToken()).id());
      }
      assertThat(next).containsOnly(next.getFirst());
    }
  }

  @Test
  void aTraceIdGoesThroughAllServicesAndComesBackInTheProblem() {
    String trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    Answer answer =
        http.send(
            http.request("/v1/fragments/" + "00".repeat(32) + "/attn.0-1.0of1")
                .header("traceparent", "00-" + trace + "-00f067aa0ba902b7-01")
                .GET());
    assertThat(answer.problem(404).traceId()).isEqualTo(trace);
  }

  @Test
  void everyServiceServesHealthMetricsAndItsContract() {
    for (String service : TestFleet.SERVICES) {
      Http health = FLEET.health(service);
      assertThat(health.get("/actuator/health/readiness").text()).as(service).contains("UP");
      assertThat(health.get("/actuator/health/liveness").text()).as(service).contains("UP");
      assertThat(health.get("/actuator/prometheus").text()).as(service).contains("jvm_memory");
      assertThat(FLEET.http(service).get("/v3/api-docs").text()).as(service).contains("openapi");
    }
  }

  @Test
  void storedBytesSurviveATripThroughTheGatewayUnchanged() {
    Random random = new Random(9);
    String path = "/v1/fragments/" + Seeds.hash(random).hex() + "/attn.0-3.0of1";
    byte[] body = Seeds.bytes(random, 5 << 20);
    Answer put =
        http.send(
            http.request(path)
                .header(
                    "Membrane-Namespace",
                    "{\"model\":\"m\",\"revision\":\"r\",\"kv_dtype\":\"f32\",\"block_tokens\":16}")
                .header("Membrane-Parent", "root")
                .header("Membrane-Token-Span", "0-16")
                .PUT(java.net.http.HttpRequest.BodyPublishers.ofByteArray(body)));
    assertThat(put.status()).as(put.text()).isEqualTo(201);
    assertThat(http.get(path).response().body()).isEqualTo(body);
    Answer part = http.send(http.request(path).header("Range", "bytes=100-199").GET());
    assertThat(part.status()).isEqualTo(206);
    assertThat(part.response().body()).isEqualTo(java.util.Arrays.copyOfRange(body, 100, 200));
  }

  private RouteResponse route(Tokens prompt) {
    return Objects.requireNonNull(context(Map.of("tokens", prompt.toLongs())).route());
  }

  private ContextResponse context(Map<String, ?> request) {
    return http.post("/v1/contexts", request).as(ContextResponse.class);
  }

  private static Tokens prompt(int seed, int length) {
    return Seeds.tokens(new Random(seed), length, TestFleet.VOCABULARY);
  }
}
