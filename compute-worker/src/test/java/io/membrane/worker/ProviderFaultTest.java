package io.membrane.worker;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHasher;
import io.membrane.block.Tokens;
import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fixture.ServiceUnderTest;
import io.membrane.rpc.ErrorCode;
import io.membrane.wire.PrefillResponse;
import io.membrane.worker.provider.RemoteServer;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** What a provider does wrong, and what the caller is told. */
@ExtendWith(OutputCaptureExtension.class)
class ProviderFaultTest {

  private static final String PATH = "/v1/messages";
  private static final Map<String, Object> PROMPT =
      Map.of("text", "A prompt that is longer than sixteen bytes");

  private static ProviderUnderTest worker;
  private static RemoteServer remote;
  private static FaultProxy proxy;

  @BeforeAll
  static void start() {
    remote = new RemoteServer();
    proxy = new FaultProxy(remote.port());
    worker =
        new ProviderUnderTest(
            "anthropic",
            "membrane.worker.provider.url=" + proxy.url() + "/",
            "membrane.client.open-for=1ms");
  }

  @AfterAll
  static void stop() {
    worker.close();
    proxy.close();
    remote.close();
  }

  @BeforeEach
  void heal() {
    proxy.heal();
    worker.directory.fail(null);
    remote.calls().clear();
    remote.hold(new CountDownLatch(0));
    remote.answer(PATH, RemoteServer.example("anthropic"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          401 | 502 | provider_refused       | check membrane.worker.provider.api-key
          403 | 502 | provider_refused       | check membrane.worker.provider.api-key
          404 | 502 | provider_refused       | check membrane.worker.provider.model
          400 | 422 | impossible_request     | the words of (api key)
          422 | 422 | impossible_request     | the words of (api key)
          413 | 413 | too_large              | too large
          429 | 429 | overloaded             | takes no more now
          529 | 429 | overloaded             | takes no more now
          500 | 503 | dependency_unavailable | answered 500
          503 | 503 | dependency_unavailable | answered 503
          302 | 503 | dependency_unavailable | answered 302
          """)
  void anErrorIsAProblemThatSaysWhatToDoAndNotTheKey(
      int status, int ours, String code, String detail, CapturedOutput output) {
    remote.answer(
        PATH,
        status,
        Map.of("Retry-After", "17", "Location", "http://127.0.0.1:1/"),
        """
        {"type":"error","error":{"type":"some_error","message":"the words of %s\\u0000"}}
        """
            .formatted(ProviderUnderTest.KEY));
    HttpResponse<String> answer = worker.post(PROMPT);

    assertThat(ServiceUnderTest.problem(ours, code, answer)).contains(detail);
    assertThat(ServiceUnderTest.json(answer).get("retriable").asBoolean())
        .isEqualTo(ours == 429 || ours == 503);
    if (ours == 429 || ours == 503) {
      assertThat(answer.headers().firstValue("Retry-After")).hasValue("17");
    }
    assertThat(remote.calls()).hasSize(1);
    assertThat(answer.body() + output + worker.metrics()).doesNotContain(ProviderUnderTest.KEY);
  }

  @Test
  void aQuotaThatIsUsedUpIsNotTriedAgain() {
    remote.answer(PATH, 429, Map.of(), "{\"error\":{\"code\":\"insufficient_quota\"}}");
    assertThat(ServiceUnderTest.problem(502, "provider_refused", worker.post(PROMPT)))
        .contains("quota");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          <html>gateway</html>                                             | not JSON
          ``                                                               | no /usage/input_tokens
          {"usage":{}}                                                     | no /usage/input_tokens
          {"usage":{"input_tokens":-1}}                                    | no count
          {"usage":{"input_tokens":"7"}}                                   | no count
          {"usage":{"input_tokens":1.5}}                                   | no count
          {"usage":{"input_tokens":2147483647,"cache_read_input_tokens":9}} | no count
          []                                                               | no /usage/input_tokens
          """)
  void garbageIsAnUnavailableDependency(String body, String why) {
    remote.answer(PATH, body);
    assertThat(ServiceUnderTest.problem(503, "dependency_unavailable", worker.post(PROMPT)))
        .contains(why);
  }

  static Stream<Fault> faults() {
    return Stream.of(new Fault.Refuse(), new Fault.CutAfter(10), new Fault.CutAfter(300));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void aConnectionThatBreaksIsAnUnavailableDependency(Fault fault) {
    proxy.inject(fault);
    ServiceUnderTest.problem(503, "dependency_unavailable", worker.post(PROMPT));
  }

  static Stream<Fault> silences() {
    return Stream.of(new Fault.Silence(), new Fault.Stall(10), new Fault.Stall(300));
  }

  @ParameterizedTest
  @MethodSource("silences")
  void aProviderThatFallsSilentIsGivenUpAtTheDeadline(Fault fault) {
    proxy.inject(fault);
    ServiceUnderTest.problem(
        503, "deadline_exceeded", worker.post(PROMPT, "Membrane-Deadline-Ms", "700"));
  }

  @Test
  void anAnswerThatNeverEndsIsGivenUpAtTheDeadline() {
    remote.answer(PATH, " ".repeat(8 << 20) + RemoteServer.example("anthropic"));
    proxy.inject(new Fault.Delay(Duration.ofMillis(100)));
    ServiceUnderTest.problem(
        503, "deadline_exceeded", worker.post(PROMPT, "Membrane-Deadline-Ms", "700"));
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 400, 500})
  void anAnswerThatIsHugeIsNotRead(int status) {
    remote.answer(PATH, status, Map.of(), " ".repeat(17 << 20) + RemoteServer.example("anthropic"));
    assertThat(ServiceUnderTest.problem(503, "dependency_unavailable", worker.post(PROMPT)))
        .contains("more than 16 MiB");
  }

  @Test
  void aDirectoryThatTakesNoEventsDoesNotFailAPromptAndIsToldLater() {
    worker.directory.fail(ErrorCode.DEPENDENCY_UNAVAILABLE);
    PrefillResponse untold = worker.prefill(Map.of("text", "First things first, and so they are."));
    assertThat(untold.logPosition()).isNull();

    worker.directory.fail(null);
    PrefillResponse told = worker.prefill(Map.of("text", "Second things second, as it should be"));
    assertThat(told.logPosition()).isNotNull();
    assertThat(worker.directory.held("anthropic")).hasSizeGreaterThanOrEqualTo(4);
  }

  @Test
  void samePromptsAtTheSameTimeAreSentOnceAndPaidOnce() throws Exception {
    CountDownLatch gate = new CountDownLatch(1);
    remote.hold(gate);
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<PrefillResponse>> answers = new ArrayList<>();
      try {
        IntStream.range(0, 8)
            .forEach(i -> answers.add(callers.submit(() -> worker.prefill(PROMPT))));
        Awaitility.await().until(() -> remote.calls().size() == 1);
        Future<HttpResponse<String>> late =
            callers.submit(() -> worker.post(PROMPT, "Membrane-Deadline-Ms", "300"));
        ServiceUnderTest.problem(503, "deadline_exceeded", late.get(30, TimeUnit.SECONDS));
      } finally {
        gate.countDown();
      }
      int shared = 0;
      for (Future<PrefillResponse> answer : answers) {
        shared += requireNonNull(answer.get(30, TimeUnit.SECONDS).provider()).shared() ? 1 : 0;
      }
      assertThat(answers.size() - shared).isEqualTo(remote.calls().size());
    }
  }

  @Test
  void impossibleRequestsAreRefusedBeforeAnythingIsSpent() {
    String text = (String) PROMPT.get("text");
    refused(422, "impossible_request", "send the prompt as text", Map.of("tokens", List.of(1, 2)));
    refused(422, "impossible_request", "next_token", Map.of("text", text, "next_token", true));
    refused(422, "impossible_request", "embeddings", Map.of("text", text, "embeddings", true));
    refused(422, "impossible_request", "at least one token", Map.of("text", ""));
    refused(400, "malformed_request", "exactly one", Map.of());
    assertThat(
            ServiceUnderTest.problem(
                400,
                "malformed_request",
                worker.service.post("/v1/prefill", "{\"text\":\"\\ud800\"}")))
        .contains("surrogate");
    refused(404, "not_found", "m-2", Map.of("text", text, "model", "m-2"));
    refused(
        422,
        "prefix_mismatch",
        "prefix.block_hashes[0]",
        Map.of("text", text, "prefix", Map.of("block_hashes", List.of("ab".repeat(32)))));
    assertThat(remote.calls()).isEmpty();
    assertThat(
            ServiceUnderTest.problem(
                422,
                "impossible_request",
                worker.service.post("/v1/embeddings", "{\"input\":\"a\"}")))
        .contains("local model");
  }

  @Test
  void anAskedForPrefixIsNamedAsMissingAndNothingIsRecordedUnlessWanted() {
    int before = worker.directory.batches();
    PrefillResponse first =
        worker.prefill(Map.of("text", "never recorded, and never mind", "store", false));
    assertThat(requireNonNull(first.provider()).expiresAtMs()).isNotNull();
    assertThat(first.logPosition()).isNull();
    assertThat(worker.directory.batches()).isEqualTo(before);

    String block =
        BlockHasher.chain(
                BlockHasher.root(first.namespace(), "default"),
                16,
                Tokens.ofInts("never recorded, ".chars().toArray()))
            .getFirst()
            .toString();
    PrefillResponse asked =
        worker.prefill(
            Map.of(
                "text",
                "never recorded, and never mind",
                "prefix",
                Map.of("block_hashes", List.of(block))));
    assertThat(asked.prefixMissing()).hasToString("[" + block + "]");
  }

  private static void refused(int status, String code, String why, Map<String, Object> request) {
    assertThat(ServiceUnderTest.problem(status, code, worker.post(request))).contains(why);
  }
}
