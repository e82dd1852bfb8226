package io.membrane.worker;

import static io.membrane.fixture.ServiceUnderTest.json;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.Namespace;
import io.membrane.block.Tokens;
import io.membrane.fixture.ServiceUnderTest;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.ProviderUse;
import io.membrane.worker.provider.RemoteServer;
import io.membrane.worker.provider.RemoteServer.Call;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Each provider's documented wire, and what becomes of its counts. */
class ProviderWireTest {

  /** 5 blocks of 16 bytes, and a tail. */
  private static final String TEXT =
      "You are the memory of a fleet. ".repeat(2) + "Remember — everything.";

  private static final List<Integer> IDS = IntStream.range(0, 40).boxed().toList();

  private static final String[] PRICES = {
    "membrane.worker.provider.price.input=3",
    "membrane.worker.provider.price.cache-write=3.75",
    "membrane.worker.provider.price.cache-read=0.30",
    "membrane.worker.provider.price.output=15"
  };

  @Test
  void anthropicIsAskedForABreakpointBehindThePrompt() {
    try (ProviderUnderTest worker = new ProviderUnderTest("anthropic", PRICES)) {
      worker.remote.answer("/v1/messages", RemoteServer.example("anthropic"));
      long before = System.currentTimeMillis();
      PrefillResponse answer = worker.prefill(Map.of("text", TEXT));

      Call call = worker.call();
      assertThat(call.headers())
          .containsEntry("x-api-key", ProviderUnderTest.KEY)
          .containsEntry("anthropic-version", "2023-06-01")
          .doesNotContainKeys("authorization", "membrane-tenant", "traceparent");
      assertThat(call.body())
          .isEqualTo(
              json(
                  """
                  {"model":"m-1","max_tokens":0,
                   "system":[{"type":"text","text":"%s",
                              "cache_control":{"type":"ephemeral","ttl":"5m"}}],
                   "messages":[{"role":"user","content":[{"type":"text","text":"."}]}]}
                  """
                      .formatted(TEXT)));
      ProviderUse use = requireNonNull(answer.provider());
      assertThat(use.name()).isEqualTo("anthropic");
      assertThat(ProviderUnderTest.inputTokens(use)).containsExactly(1800L, 248L, 8L);
      assertThat(requireNonNull(use.cost()).currency()).isEqualTo("USD");
      assertThat(use.cost().amount()).isEqualByComparingTo(new BigDecimal("0.001494"));
      assertThat(use.expiresAtMs())
          .isBetween(before + 300_000, System.currentTimeMillis() + 300_000);
      assertThat(answer.totalTokens()).isEqualTo(2056);
      assertThat(answer.tokensReused()).isEqualTo(1800);
      assertThat(answer.tokensComputed()).isEqualTo(256);
      assertThat(answer.blocks()).isEmpty();
      assertThat(answer.logPosition()).isEqualTo("1-0");
      assertThat(worker.metrics())
          .contains("membrane_worker_provider_tokens_total{kind=\"cache_read\"} 1800.0")
          .contains("membrane_worker_provider_cost_total{currency=\"USD\"} 0.001494")
          .contains("membrane_worker_provider_blocks 5.0");
    }
  }

  @Test
  void whatAnthropicDidNotCacheIsNotRecorded() {
    try (ProviderUnderTest worker =
        new ProviderUnderTest(
            "anthropic", "membrane.worker.provider.ttl=1h", "membrane.worker.provider.role=user")) {
      worker.remote.answer(
          "/v1/messages",
          """
          {"usage":{"input_tokens":21,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,
                    "output_tokens":0}}
          """);
      PrefillResponse answer = worker.prefill(Map.of("text", TEXT));

      JsonNode body = worker.call().body();
      assertThat(body.at("/messages/0/content/0/cache_control/ttl").asString()).isEqualTo("1h");
      assertThat(body.has("system")).isFalse();
      assertThat(requireNonNull(answer.provider()).expiresAtMs()).isNull();
      assertThat(answer.provider().cost()).isNull();
      assertThat(answer.namespace().revision()).isEqualTo("user");
      assertThat(worker.directory.held("anthropic")).isEmpty();
    }
  }

  @Test
  void openAiCachesInStepsAndItsShareOfTheBlocksIsRecorded() {
    try (ProviderUnderTest worker =
        new ProviderUnderTest(
            "openai",
            "membrane.worker.provider.ttl=24h",
            "membrane.worker.provider.prompt-cache-key=fleet")) {
      worker.remote.answer("/v1/chat/completions", RemoteServer.example("openai"));
      PrefillResponse answer = worker.prefill(Map.of("text", TEXT));

      Call call = worker.call();
      assertThat(call.headers()).containsEntry("authorization", "Bearer " + ProviderUnderTest.KEY);
      assertThat(call.body())
          .isEqualTo(
              json(
                  """
                  {"model":"m-1","messages":[{"role":"system","content":"%s"}],
                   "max_completion_tokens":1,"stream":false,"prompt_cache_key":"fleet",
                   "prompt_cache_retention":"24h"}
                  """
                      .formatted(TEXT)));
      assertThat(requireNonNull(answer.provider()).cachedTokens()).isEqualTo(1920);
      assertThat(answer.provider().cacheWriteTokens()).isNull();
      assertThat(answer.provider().uncachedTokens()).isEqualTo(86);
      assertThat(worker.directory.hashes("openai"))
          .isEqualTo(chain(answer.namespace(), bytes(TEXT)).subList(0, 4));
    }
  }

  @Test
  void aPromptTooShortForOpenAiIsNotRecorded() {
    try (ProviderUnderTest worker = new ProviderUnderTest("openai")) {
      worker.remote.answer(
          "/v1/chat/completions", "{\"usage\":{\"prompt_tokens\":1023,\"completion_tokens\":1}}");
      PrefillResponse answer = worker.prefill(Map.of("text", TEXT));

      assertThat(requireNonNull(answer.provider()).cachedTokens()).isNull();
      assertThat(answer.provider().expiresAtMs()).isNull();
      assertThat(worker.directory.batches()).isZero();
      assertThat(worker.call().body().has("prompt_cache_retention")).isFalse();
    }
  }

  @Test
  void ollamaKeepsItsLastPromptOnly() {
    String other = "Another prompt of more than one block";
    try (ProviderUnderTest worker =
        new ProviderUnderTest("ollama", "membrane.worker.provider.ttl=10m")) {
      worker.remote.answer("/api/generate", RemoteServer.example("ollama"));
      PrefillResponse answer = worker.prefill(Map.of("text", TEXT));
      assertThat(worker.directory.held("ollama")).hasSize(5);
      assertThat(worker.postAs("ada", Map.of("text", other)).statusCode()).isEqualTo(200);

      assertThat(worker.call().body())
          .isEqualTo(
              json(
                  """
                  {"model":"m-1","prompt":"%s","raw":true,"stream":false,"truncate":false,
                   "keep_alive":"600s","options":{"num_predict":1}}
                  """
                      .formatted(TEXT)));
      assertThat(requireNonNull(answer.provider()).cachedTokens()).isNull();
      assertThat(answer.tokensReused()).isZero();
      assertThat(answer.tokensComputed()).isEqualTo(260);
      assertThat(worker.directory.held("ollama")).isEmpty();
      assertThat(worker.directory.held("ollama@ada")).hasSize(2);
    }
  }

  @Test
  void vllmTakesTokensAndHandsItsTransferOn() {
    try (ProviderUnderTest worker =
        new ProviderUnderTest(
            "vllm",
            "membrane.worker.provider.kv-transfer=true",
            "membrane.worker.revision=r7",
            "membrane.worker.kv-dtype=bf16")) {
      worker.remote.answer("/v1/completions", RemoteServer.example("vllm"));
      PrefillResponse answer = worker.prefill(Map.of("tokens", IDS));

      assertThat(worker.call().body())
          .isEqualTo(
              json(
                  """
                  {"model":"m-1","prompt":%s,"max_tokens":1,"temperature":0,"stream":false,
                   "kv_transfer_params":{"do_remote_decode":true,"do_remote_prefill":false,
                     "remote_engine_id":null,"remote_block_ids":null,"remote_host":null,
                     "remote_port":null}}
                  """
                      .formatted(IDS)));
      assertThat(answer.namespace()).isEqualTo(new Namespace("m-1", "r7", "bf16", 16));
      assertThat(answer.tokensReused()).isEqualTo(32);
      assertThat(requireNonNull(requireNonNull(answer.provider()).kvTransferParams()))
          .containsEntry("remote_host", "10.0.0.7")
          .containsEntry("remote_block_ids", List.of(3, 4, 5));
      assertThat(answer.provider().expiresAtMs()).isNull();
      assertThat(worker.directory.batches()).isZero();
    }
  }

  @Test
  void sglangIsRecordedForAsLongAsTheOperatorSays() {
    try (ProviderUnderTest worker =
        new ProviderUnderTest(
            "sglang", "membrane.worker.provider.ttl=2m", "membrane.worker.provider.node=sg-0")) {
      worker.remote.answer("/generate", RemoteServer.example("sglang"));
      worker.remote.answer("/tokenize", RemoteServer.example("tokenize"));
      PrefillResponse answer = worker.prefill(Map.of("tokens", IDS));

      assertThat(worker.call().body())
          .isEqualTo(
              json(
                  """
                  {"input_ids":%s,"sampling_params":{"max_new_tokens":1,"temperature":0},
                   "stream":false}
                  """
                      .formatted(IDS)));
      assertThat(answer.tokensReused()).isEqualTo(24);
      Tokens tokens = Tokens.of(IDS.stream().mapToLong(Integer::longValue).toArray());
      assertThat(worker.directory.held("sg-0"))
          .extracting(Event::tier, Event::bytes, Event::expiresAtMs)
          .containsOnly(
              org.assertj.core.groups.Tuple.tuple(
                  "provider", 0L, requireNonNull(answer.provider()).expiresAtMs()));
      assertThat(worker.directory.hashes("sg-0")).isEqualTo(chain(answer.namespace(), tokens));

      PrefillResponse text = worker.prefill(Map.of("text", "Once upon"));
      assertThat(text.provider()).isNotNull();
      assertThat(worker.remote.calls().getLast().body().get("input_ids").toString())
          .isEqualTo("[785,4938,374]");
    }
  }

  @Test
  void theModelIsListedAsOneThatOnlyWarms() {
    try (ProviderUnderTest worker = new ProviderUnderTest("anthropic")) {
      JsonNode model = ServiceUnderTest.ok(worker.service.get("/v1/models")).at("/data/0");
      assertThat(model.get("id").asString()).isEqualTo("provider:anthropic/m-1");
      assertThat(model.get("owned_by").asString()).isEqualTo("anthropic");
      assertThat(model.get("capabilities").toString()).isEqualTo("[\"warm\",\"text\"]");
      assertThat(model.has("signature")).isFalse();
      assertThat(model.at("/namespace/kv_dtype").asString()).isEqualTo("none");
      assertThat(ServiceUnderTest.ok(worker.service.post("/v1/tokenize", "{\"text\":\"aé\"}")))
          .hasToString("{\"tokens\":[97,195,169],\"count\":3}");
      assertThat(ServiceUnderTest.ok(worker.service.get("/actuator/health/readiness")).toString())
          .contains("UP");
    }
  }

  private static Tokens bytes(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return Tokens.ofInts(
        IntStream.range(0, bytes.length).map(i -> Byte.toUnsignedInt(bytes[i])).toArray());
  }

  private static List<BlockHash> chain(Namespace namespace, Tokens tokens) {
    return BlockHasher.chain(
        BlockHasher.root(Objects.requireNonNull(namespace), "default"),
        namespace.blockTokens(),
        tokens);
  }
}
