package io.membrane.worker.prefill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.rpc.MembraneException;
import io.membrane.worker.checkpoint.BadModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class PromptTokenizerTest {

  private static final Path CASES = Path.of("src/test/resources/golden/tiny-llama/texts.json");

  @Test
  void textsSplitAsTransformersSplitsThem() throws IOException {
    try (PromptTokenizer tokenizer = PromptTokenizer.open(Golden.model("tiny-llama"))) {
      for (JsonNode golden : new JsonMapper().readTree(Files.readAllBytes(CASES))) {
        String text = golden.get("text").stringValue();
        assertThat(tokenizer.encode(text, true).toLongs())
            .as(text)
            .containsExactly(ids(golden.get("tokens")));
        assertThat(tokenizer.encode(text, false).toLongs())
            .as("bare: " + text)
            .containsExactly(ids(golden.get("bare")));
      }
    }
  }

  @Test
  void halfACharacterIsRefused() {
    try (PromptTokenizer tokenizer = PromptTokenizer.open(Golden.model("tiny-llama"))) {
      assertThatThrownBy(() -> tokenizer.encode("🎉 and \ud83d", true))
          .isInstanceOf(MembraneException.class)
          .hasMessageContaining("surrogate");
    }
  }

  @Test
  void aTokenIsSpelledOut() {
    try (PromptTokenizer tokenizer = PromptTokenizer.open(Golden.model("tiny-llama"))) {
      long word = tokenizer.encode(" memory", false).get(0);
      assertThat(tokenizer.decode(word)).isEqualTo(" memory");
      assertThat(tokenizer.decode(0)).isEqualTo("<s>");
    }
  }

  @Test
  void aMissingTokenizerIsNamed(@TempDir Path directory) {
    assertThatThrownBy(() -> PromptTokenizer.open(directory))
        .isInstanceOf(BadModelException.class)
        .hasMessageContaining("tokenizer.json is missing");
  }

  @Test
  void aMalformedTokenizerIsNamed(@TempDir Path directory) throws IOException {
    Files.writeString(directory.resolve("tokenizer.json"), "{\"model\": 7}");
    assertThatThrownBy(() -> PromptTokenizer.open(directory))
        .isInstanceOf(BadModelException.class)
        .hasMessageContaining("tokenizer.json is not a tokenizer");
  }

  private static long[] ids(JsonNode array) {
    long[] ids = new long[array.size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = array.get(i).longValue();
    }
    return ids;
  }
}
