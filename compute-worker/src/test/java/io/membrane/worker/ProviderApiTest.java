package io.membrane.worker;

import static io.membrane.fixture.ServiceUnderTest.json;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.ServiceUnderTest;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.ProviderUse;
import io.membrane.worker.provider.RemoteServer;
import io.membrane.worker.provider.RemoteServer.Call;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Second APIs and modes of providers. */
class ProviderApiTest {

  /** 4 blocks of 16 bytes, and a tail. */
  private static final String TEXT =
      "You are the memory of a fleet. ".repeat(2) + "Remember it all.";

  private static final String[] RESPONSES = {
    "membrane.worker.provider.api=responses",
    "membrane.worker.provider.ttl=30m",
    "membrane.worker.provider.prompt-cache-key=fleet",
    "membrane.worker.provider.price.input=2",
    "membrane.worker.provider.price.cache-write=2.50",
    "membrane.worker.provider.price.cache-read=0.20",
    "membrane.worker.provider.price.output=10"
  };

  @Test
  void openAisResponsesAreAskedForAsLittleAsTheyTakeAndKeepNothing() {
    try (ProviderUnderTest worker = new ProviderUnderTest("openai", RESPONSES)) {
      worker.remote.answer("/v1/responses", RemoteServer.example("openai-responses"));
      long before = System.currentTimeMillis();
      PrefillResponse answer = worker.prefill(Map.of("text", TEXT));

      Call call = worker.call();
      assertThat(call.path()).isEqualTo("/v1/responses");
      assertThat(call.headers()).containsEntry("authorization", "Bearer " + ProviderUnderTest.KEY);
      assertThat(call.body())
          .isEqualTo(
              json(
                  """
                  {"model":"m-1","input":[{"role":"system","content":"%s"}],
                   "max_output_tokens":16,"store":false,"stream":false,
                   "prompt_cache_key":"fleet","prompt_cache_options":{"ttl":"30m"}}
                  """
                      .formatted(TEXT)));
      ProviderUse use = requireNonNull(answer.provider());
      assertThat(ProviderUnderTest.inputTokens(use)).containsExactly(1792L, 128L, 86L);
      assertThat(use.outputTokens()).isEqualTo(16);
      assertThat(requireNonNull(use.cost()).amount())
          .isEqualByComparingTo(new BigDecimal("0.0010104"));
      assertThat(use.expiresAtMs())
          .isBetween(before + 1_800_000, System.currentTimeMillis() + 1_800_000);
      assertThat(answer.namespace().revision()).isEqualTo("responses-system");
      assertThat(worker.directory.held("openai")).hasSize(3);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"status\":\"failed\",\"error\":{\"code\":\"server_error\",\"message\":\"m\"}}",
        "{\"status\":\"in_progress\",\"usage\":null}",
        "{\"status\":\"completed\",\"usage\":null}",
        "{\"usage\":{\"input_tokens\":9}}"
      })
  void aResponseThatIsNoneIsAnUnavailableDependency(String body) {
    try (ProviderUnderTest worker = new ProviderUnderTest("openai", RESPONSES)) {
      worker.remote.answer("/v1/responses", body);
      ServiceUnderTest.problem(503, "dependency_unavailable", worker.post(Map.of("text", TEXT)));
      assertThat(worker.directory.batches()).isZero();
    }
  }

  @Test
  void openAisLongestRetentionIsAskedForInItsOwnWord() {
    try (ProviderUnderTest worker =
        new ProviderUnderTest(
            "openai",
            "membrane.worker.provider.api=responses",
            "membrane.worker.provider.role=user",
            "membrane.worker.provider.ttl=24h")) {
      worker.remote.answer("/v1/responses", RemoteServer.example("openai-responses"));
      PrefillResponse answer = worker.prefill(Map.of("text", TEXT));
      JsonNode body = worker.call().body();
      assertThat(body.path("prompt_cache_retention").asString()).isEqualTo("24h");
      assertThat(body.has("prompt_cache_options")).isFalse();
      assertThat(body.at("/input/0/role").asString()).isEqualTo("user");
      assertThat(answer.namespace().revision()).isEqualTo("responses-user");
    }
  }

  @Test
  void chatCompletionsOfModelsThatPayForWritesAreCountedSo() {
    try (ProviderUnderTest worker =
        new ProviderUnderTest("openai", "membrane.worker.provider.ttl=30m")) {
      worker.remote.answer(
          "/v1/chat/completions",
          """
          {"usage":{"prompt_tokens":1500,"completion_tokens":1,
                    "prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":1408}}}
          """);
      ProviderUse use = requireNonNull(worker.prefill(Map.of("text", TEXT)).provider());
      assertThat(use.cacheWriteTokens()).isEqualTo(1408);
      assertThat(use.uncachedTokens()).isEqualTo(92);
      assertThat(worker.call().body().at("/prompt_cache_options/ttl").asString()).isEqualTo("30m");
    }
  }

  @Test
  void aPrefillServerOfSglangIsToldThatNobodyDecodes() {
    List<Integer> ids = IntStream.range(0, 40).boxed().toList();
    try (ProviderUnderTest worker =
        new ProviderUnderTest("sglang", "membrane.worker.provider.disaggregated=true")) {
      worker.remote.answer("/generate", RemoteServer.example("sglang"));
      assertThat(worker.prefill(Map.of("tokens", ids)).tokensReused()).isEqualTo(24);
      worker.prefill(Map.of("tokens", ids));

      List<JsonNode> bodies = worker.remote.calls().stream().map(Call::body).toList();
      assertThat(bodies)
          .hasSize(2)
          .allSatisfy(body -> {
            assertThat(body.path("input_ids").size()).isEqualTo(40);
            assertThat(body.at("/sampling_params/max_new_tokens").asInt()).isEqualTo(1);
            assertThat(body.path("bootstrap_host").asString()).isEqualTo("2.2.2.2");
            assertThat(body.path("bootstrap_room").isIntegralNumber()).isTrue();
            assertThat(body.path("bootstrap_room").asLong()).isNotNegative();
          });
      assertThat(bodies.getFirst().path("bootstrap_room"))
          .isNotEqualTo(bodies.getLast().path("bootstrap_room"));
    }
  }
}
