package io.membrane.worker.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BrokenModelTest extends ModelCopies {

  private static final String WEIGHTS = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "LlamaForCausalLM"            | "PhiForCausalLM"              | architecture PhiForCausalLM is not served
          "LlamaForCausalLM"            |                               | architectures must name one class
          "hidden_act": "silu"          | "hidden_act": "gelu"          | hidden_act gelu is not served
          "hidden_size": 32             | "hidden_size": "32"           | hidden_size must be a whole number
          "hidden_size": 32             | "hidden_size": -32            | hidden_size must be a whole number
          "hidden_size": 32             | "hidden_size": 99999999999    | hidden_size must be a whole number
          "hidden_size": 32,            |                               | hidden_size is missing
          "hidden_size": 32             | "hidden_size": 64             | shape [96, 32], config.json wants [96, 64]
          "num_hidden_layers": 2        | "num_hidden_layers": 3        | tensor model.layers.2.input_layernorm.weight is missing
          "num_key_value_heads": 2      | "num_key_value_heads": 3      | must be a multiple of num_key_value_heads
          "num_key_value_heads": 2      | "num_key_value_heads": 1      | k_proj.weight has shape [16, 32]
          "attention_bias": false       | "attention_bias": true        | self_attn.q_proj.bias is missing
          "attention_bias": false       | "attention_bias": 0           | attention_bias must be true or false
          "mlp_bias": false             | "mlp_bias": true              | mlp.gate_proj.bias is missing
          "use_cache": true             | "quantization_config": {"a":1} | quantized weights are not served
          "use_cache": true             | "sliding_window": 64          | sliding-window attention is not served
          "use_cache": true             | "layer_types": ["sliding_attention"] | sliding-window attention is not served
          "use_cache": true             | "use_cache": true, "use_cache": true | not valid JSON
          "use_cache": true             | "use_cache": tru              | not valid JSON
          "use_cache": true             | "partial_rotary_factor": 1.5  | partial_rotary_factor 1.5 is not served
          "use_cache": true             | "partial_rotary_factor": 0.4  | partial_rotary_factor 0.4 is not served
          "use_cache": true             | "rope_parameters": {"rope_theta":10000.0,"rope_type":"default","partial_rotary_factor":0.5} | rotate whole heads
          "rope_scaling": null          | "rope_parameters": {"rope_theta":10000.0,"rope_type":"default"}, "rope_scaling": {"rope_type":"linear","factor":4} | rope_parameters and rope_scaling say different things
          "model_type": "llama"         | "model_type": "granite"       | model_type 'granite' is not that of LlamaForCausalLM, which is 'llama'
          "num_hidden_layers": 2        | "num_hidden_layers": 2000000000 | num_hidden_layers must be at most 10000
          "use_cache": true             | "layer_types": "sliding_attention" | layer_types must be a list
          "use_cache": true             | "layer_types": ["full_attention"] | layer_types must be a list with one entry a layer
          "use_cache": true             | "compression_config": {"a":1} | quantized weights are not served
          "rms_norm_eps": 1e-06         | "rms_norm_eps": -1            | rms_norm_eps must be from 0
          "rope_theta": 10000.0         | "rope_theta": 0               | rope_theta must be above 1
          "rope_theta": 10000.0         | "rope_theta": "big"           | rope_theta must be a number
          "rope_scaling": null          | "rope_scaling": 4             | rope_scaling must be an object
          "rope_scaling": null          | "rope_scaling": {"type":"su","factor":2} | rope_type 'su' is not served
          "rope_scaling": null          | "rope_scaling": {"factor":2}  | rope_type '' is not served
          "rope_scaling": null          | "rope_scaling": {"type":"linear"} | factor is missing
          "rope_scaling": null          | "rope_scaling": {"type":"linear","factor":0.5} | factor must be at least 1
          "rope_scaling": null          | "rope_scaling": {"type":"llama3","factor":2,"low_freq_factor":4,"high_freq_factor":4} | low_freq_factor < high_freq_factor
          """)
  void aConfigurationThatIsNotServedSaysWhy(String written, String instead, String message) {
    Path model = copy("llama");
    edit(
        model.resolve("config.json"),
        text -> text.replace(written, instead == null ? "" : instead));
    assertRefused(model, message);
  }

  /** Then transformers takes its default, 4096. */
  @Test
  void aMistralThatDoesNotNameItsWindowHasOne() {
    Path model = copy("mistral");
    edit(
        model.resolve("config.json"),
        text ->
            text.replace("\"sliding_window\": null,", "")
                .replace("\"max_position_embeddings\": 256", "\"max_position_embeddings\": 8192"));
    assertRefused(model, "sliding-window attention is not served");
  }

  @Test
  void aLongropeWithoutAFactorForEveryPairIsRefused() {
    Path model = copy("longrope");
    edit(model.resolve("config.json"), text -> text.replaceFirst("1\\.25,\\s*1\\.5", "-1.5"));
    assertRefused(model, "short_factor must be a list of positive numbers");
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", WEIGHTS})
  void aMissingFileIsNamed(String file) throws IOException {
    Path model = copy("llama");
    Files.delete(model.resolve(file));
    assertRefused(model, file);
  }

  @Test
  void aMissingDirectoryIsNamed() {
    assertRefused(temp.resolve("nowhere"), "nowhere is not a directory");
  }

  @Test
  void aMissingShardIsNamed() throws IOException {
    Path model = copy("llama3-rope-tied-sharded");
    Files.delete(model.resolve("model-00002-of-00004.safetensors"));
    assertRefused(model, "model-00002-of-00004.safetensors cannot be read");
  }

  @Test
  void aShardOutsideTheDirectoryIsRefused() {
    Path model = copy("llama3-rope-tied-sharded");
    edit(model.resolve(INDEX), text -> text.replace("model-00002", "../model-00002"));
    assertRefused(model, "a shard is a .safetensors file beside the index");
  }

  @Test
  void aTensorThatItsShardLacksIsNamed() {
    Path model = copy("llama3-rope-tied-sharded");
    edit(model.resolve(INDEX), text -> text.replace("model-00002", "model-00001"));
    assertRefused(model, "is missing: the weights do not belong to this config.json");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 7, 8, 100, 40_000, 88_759})
  void aTruncatedFileIsRefused(int length) {
    Path model = copy("llama");
    editBytes(model, bytes -> Arrays.copyOf(bytes, length));
    assertRefused(model, "is not a whole safetensors file");
  }

  @Test
  void trailingBytesAreRefused() {
    Path model = copy("llama");
    editBytes(model, bytes -> Arrays.copyOf(bytes, bytes.length + 1));
    assertRefused(model, "its tensors end at byte");
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 0, 1, Long.MAX_VALUE, Long.MIN_VALUE, 99_999_999, 1L << 40})
  void aHeaderLengthBeyondTheFileIsRefused(long length) {
    Path model = copy("llama");
    editBytes(
        model,
        bytes -> {
          ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
          return bytes;
        });
    assertRefused(model, "its header claims " + length + " bytes");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}} | not valid JSON
          {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,8]}} | the tensor before it ends at 4
          {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[5,8]}} | the tensor before it ends at 4
          {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,800]}} | the bytes of a are 0 to 800
          {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,-4]}} | a number that is not a size
          {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,1e30]}} | a number that is not a size
          {"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}} | a number that is not a size
          {"a":{"dtype":"F32","shape":[1],"data_offsets":[8]}} | needs dtype, shape and two data_offsets
          {"a":{"shape":[1],"data_offsets":[0,8]}} | needs dtype, shape and two data_offsets
          {"a":7} | needs dtype, shape and two data_offsets
          [] | must hold a JSON object
          {"a": | not valid JSON
          """)
  void aMalformedHeaderIsRefused(String header, String message) {
    Path model = copy("llama");
    editBytes(model, bytes -> file(header, 8));
    assertRefused(model, message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          I8  | is I8; F32, BF16 and F16 are served
          F64 | is F64; F32, BF16 and F16 are served
          F16 | has 12288 bytes, its shape and type need 6144
          """)
  void aTensorOfAnotherTypeIsRefused(String dtype, String message) {
    Path model = copy("llama");
    editBytes(
        model,
        bytes -> {
          int length = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
          String header = new String(bytes, 8, length, StandardCharsets.UTF_8);
          String edited =
              header.replaceFirst(
                  "(\"model.embed_tokens.weight\":\\{\"dtype\":)\"F32\"", "$1\"" + dtype + "\"");
          byte[] data = Arrays.copyOfRange(bytes, 8 + length, bytes.length);
          ByteBuffer file = ByteBuffer.wrap(file(edited, data.length));
          return file.position(file.capacity() - data.length).put(data).array();
        });
    assertRefused(model, message);
  }

  @Test
  void everyWeightIsPartOfTheDigest() {
    Path model = copy("llama");
    String before = digest(model);
    assertThat(digest(copy("llama"))).isEqualTo(before).matches("[0-9a-f]{12}");
    editBytes(
        model,
        bytes -> {
          bytes[bytes.length - 1] ^= 1;
          return bytes;
        });
    assertThat(digest(model)).isNotEqualTo(before);
  }

  private static String digest(Path model) {
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      return checkpoint.digest();
    }
  }

  private static void editBytes(Path model, UnaryOperator<byte[]> change) {
    Path file = model.resolve(WEIGHTS);
    try {
      Files.write(file, change.apply(Files.readAllBytes(file)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] file(String header, int dataBytes) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + json.length + dataBytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .array();
  }
}
