package io.membrane.worker.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HybridConfigTest {

  private static final Path GOLDEN = Path.of("src/test/resources/golden");

  @TempDir Path temp;

  @Test
  void layersAreLinearAsTheListOrTheIntervalSays() {
    assertThat(hybrid("qwen3-next").linear()).containsExactly(true, false, true, false);
    assertThat(hybrid("qwen3-next-dense").linear()).containsExactly(true, false, true, false);
    assertThat(Objects.requireNonNull(hybrid("qwen3-next").experts()).sparse())
        .containsExactly(true, false, true, true);
    assertThat(hybrid("qwen3-next-dense").experts()).isNull();
    assertThat(hybrid("qwen3_5").experts()).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "linear_num_value_heads": 4  | "linear_num_value_heads": 3 | linear_num_value_heads (3) must be a multiple of linear_num_key_heads (2)
          "linear_conv_kernel_dim": 4  | "linear_conv_kernel_dim": 1 | linear_conv_kernel_dim must be at least 2
          "linear_conv_kernel_dim": 4  | "linear_conv_kernel_dim": 3 | conv1d.weight has shape [56, 1, 4], config.json wants [56, 1, 3]
          "linear_key_head_dim": 8     | "linear_key_head_dim": 4    | in_proj_qkvz.weight has shape [80, 32], config.json wants [64, 32]
          "full_attention_interval": 2 | "full_attention_interval": 1 | layer_types must hold both
          "full_attention_interval": 2 | "full_attention_interval": 9 | layer_types must hold both
          "full_attention_interval": 2 | "full_attention_interval": 0 | full_attention_interval must be a whole number
          "full_attention_interval": 2 | "layer_types": ["full_attention"] | layer_types has 1 entries, num_hidden_layers is 4
          "full_attention_interval": 2 | "layer_types": ["mamba"]    | layer type "mamba" is not served
          "num_experts": 0             | "num_experts": 4            | num_experts_per_tok (10) must be at most num_experts (4)
          "num_experts": 0             | "num_experts": 16           | mlp.gate.weight is missing
          "num_experts": 0             | "num_experts": 2000000000   | at most 200000 are served
          "partial_rotary_factor": 0.25 | "partial_rotary_factor": 1.5 | partial_rotary_factor must be at most 1
          "partial_rotary_factor": 0.25 | "partial_rotary_factor": 0.2 | rotated part of a head must be even
          "num_experts": 0             | "num_experts": "few"        | num_experts must be a number
          """)
  void aConfigurationThatIsNotServedSaysWhy(String written, String instead, String message)
      throws IOException {
    Path model = copy("qwen3-next-dense");
    Path config = model.resolve("config.json");
    Files.writeString(config, Files.readString(config).replace(written, instead));
    assertThatThrownBy(() -> Checkpoint.open(model).close())
        .isInstanceOf(BadModelException.class)
        .hasMessageContaining(message);
  }

  private static HybridLayers hybrid(String variant) {
    try (Checkpoint checkpoint = Checkpoint.open(GOLDEN.resolve(variant))) {
      return Objects.requireNonNull(checkpoint.config().hybrid());
    }
  }

  private Path copy(String variant) throws IOException {
    for (String file : new String[] {"config.json", "model.safetensors"}) {
      Files.copy(GOLDEN.resolve(variant).resolve(file), temp.resolve(file));
    }
    return temp;
  }
}
