package io.membrane.worker.provider.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.membrane.fixture.Seeds;
import io.membrane.rpc.WireJson;
import io.membrane.worker.provider.wire.WireOptions.Api;
import io.membrane.worker.provider.wire.WireOptions.Role;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CountsTest {

  private static final WireOptions OPTIONS =
      new WireOptions("m", Role.SYSTEM, null, null, false, Api.CHAT, false);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          OPENAI | {"usage":{"prompt_tokens":9,"prompt_tokens_details":{"cached_tokens":10}}}
          OPENAI | {"usage":{"prompt_tokens":9,"prompt_tokens_details":{"cached_tokens":true}}}
          OPENAI | {"usage":{"prompt_tokens":9,"prompt_tokens_details":{"cache_write_tokens":10}}}
          OLLAMA | {"done":false,"prompt_eval_count":9}
          OLLAMA | {"error":"out of memory"}
          VLLM   | {"usage":{"completion_tokens":1}}
          SGLANG | {"meta_info":{"prompt_tokens":9,"finish_reason":{"type":"abort"}}}
          """)
  void anAnswerThatContradictsItselfIsNone(Backend backend, String answer) {
    assertThatExceptionOfType(BadAnswerException.class)
        .isThrownBy(() -> backend.wire(OPTIONS).usage(WireJson.mapper().readTree(answer)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}
          {"tokens":7}
          {"tokens":["7"]}
          {"tokens":[-1]}
          {"tokens":[4294967296]}
          """)
  void tokensThatAreNoneAreRefused(String answer) {
    assertThatExceptionOfType(BadAnswerException.class)
        .isThrownBy(() -> Backend.VLLM.wire(OPTIONS).tokens(WireJson.mapper().readTree(answer)));
  }

  /** Never more than the provider's own share. */
  @Test
  void openAisShareOfTheBlocksIsRoundedDown() {
    ProviderWire wire = Backend.OPENAI.wire(OPTIONS);
    Seeds.forAll(
        200,
        random -> {
          int prompt = 1 + random.nextInt(1 << 20);
          int blocks = random.nextInt(1 << 17);
          Usage usage = new Usage(prompt, null, null, 1, null);
          assertThat(wire.isCached(usage)).isEqualTo(prompt >= 1024);
          double share = (double) (prompt - prompt % 128) / prompt;
          assertThat((double) wire.warmBlocks(usage, blocks))
              .isBetween(blocks * share - 1.001, blocks * share + 0.001);
        });
  }

  @Test
  void aCountOfZeroThatOllamaLeavesOutIsZero() {
    Usage usage = Backend.OLLAMA.wire(OPTIONS).usage(WireJson.mapper().readTree("{\"done\":true}"));
    assertThat(usage.promptTokens()).isZero();
    assertThat(usage.cachedTokens()).isNull();
  }
}
