package io.membrane.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Writes a model of the shape of Qwen2-0.5B with seeded random bf16 weights (988 MB) and the
 * tokenizer of another model directory, to measure with. Needs nothing but a JDK:
 *
 * <pre>
 * java benchmarks/src/main/java/io/membrane/benchmarks/RandomModel.java OUT models/tiny-llama
 * </pre>
 */
final class RandomModel {

  private static final long SEED = 20261121;
  private static final int VOCAB = 151_936;
  private static final int HIDDEN = 896;
  private static final int INNER = 4_864;
  private static final int LAYERS = 24;
  private static final int KEYS = 128;

  private static final String CONFIG =
      """
      {
        "architectures": ["Qwen2ForCausalLM"],
        "model_type": "qwen2",
        "vocab_size": 151936,
        "hidden_size": 896,
        "intermediate_size": 4864,
        "num_hidden_layers": 24,
        "num_attention_heads": 14,
        "num_key_value_heads": 2,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-06,
        "rope_theta": 1000000.0,
        "max_position_embeddings": 32768,
        "tie_word_embeddings": true,
        "use_sliding_window": false,
        "torch_dtype": "bfloat16"
      }
      """;

  private RandomModel() {}

  public static void main(String[] args) throws IOException {
    if (args.length != 2) {
      throw new IllegalArgumentException(
          "usage: RandomModel <directory to make> <model directory to take the tokenizer from>");
    }
    Path out = Files.createDirectories(Path.of(args[0]));
    Files.writeString(out.resolve("config.json"), CONFIG);
    for (String file : new String[] {"tokenizer.json", "tokenizer_config.json"}) {
      Files.write(out.resolve(file), Files.readAllBytes(Path.of(args[1]).resolve(file)));
    }
    write(out.resolve("model.safetensors"), tensors());
  }

  private static Map<String, int[]> tensors() {
    Map<String, int[]> tensors = new LinkedHashMap<>();
    tensors.put("model.embed_tokens.weight", new int[] {VOCAB, HIDDEN});
    for (int layer = 0; layer < LAYERS; layer++) {
      String at = "model.layers." + layer + ".";
      tensors.put(at + "input_layernorm.weight", new int[] {HIDDEN});
      tensors.put(at + "self_attn.q_proj.weight", new int[] {HIDDEN, HIDDEN});
      tensors.put(at + "self_attn.q_proj.bias", new int[] {HIDDEN});
      tensors.put(at + "self_attn.k_proj.weight", new int[] {KEYS, HIDDEN});
      tensors.put(at + "self_attn.k_proj.bias", new int[] {KEYS});
      tensors.put(at + "self_attn.v_proj.weight", new int[] {KEYS, HIDDEN});
      tensors.put(at + "self_attn.v_proj.bias", new int[] {KEYS});
      tensors.put(at + "self_attn.o_proj.weight", new int[] {HIDDEN, HIDDEN});
      tensors.put(at + "post_attention_layernorm.weight", new int[] {HIDDEN});
      tensors.put(at + "mlp.gate_proj.weight", new int[] {INNER, HIDDEN});
      tensors.put(at + "mlp.up_proj.weight", new int[] {INNER, HIDDEN});
      tensors.put(at + "mlp.down_proj.weight", new int[] {HIDDEN, INNER});
    }
    tensors.put("model.norm.weight", new int[] {HIDDEN});
    return tensors;
  }

  private static void write(Path file, Map<String, int[]> tensors) throws IOException {
    StringBuilder header = new StringBuilder("{");
    long at = 0;
    for (Map.Entry<String, int[]> tensor : tensors.entrySet()) {
      int[] shape = tensor.getValue();
      long end = at + 2L * elements(shape);
      header.append(header.length() > 1 ? "," : "");
      header.append(
          "\"%s\":{\"dtype\":\"BF16\",\"shape\":[%s],\"data_offsets\":[%d,%d]}"
              .formatted(
                  tensor.getKey(),
                  shape.length == 1 ? shape[0] : shape[0] + "," + shape[1],
                  at,
                  end));
      at = end;
    }
    header.append('}');
    header.append(" ".repeat(-header.length() & 7));
    byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
    SplittableRandom random = new SplittableRandom(SEED);
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      channel.write(little(8).putLong(json.length).flip());
      channel.write(ByteBuffer.wrap(json));
      for (Map.Entry<String, int[]> tensor : tensors.entrySet()) {
        ByteBuffer values = values(tensor.getKey(), tensor.getValue(), random);
        while (values.hasRemaining()) {
          channel.write(values);
        }
      }
    }
  }

  /** Norms are 1, biases up to 0.1; matrices are uniform with variance 1 / columns. */
  private static ByteBuffer values(String name, int[] shape, SplittableRandom random) {
    int count = elements(shape);
    ByteBuffer values = little(2 * count);
    float limit = shape.length == 2 ? (float) Math.sqrt(3.0 / shape[1]) : 0.1f;
    boolean norm = name.endsWith("norm.weight");
    for (int i = 0; i < count; i++) {
      float value = norm ? 1 : limit * (random.nextInt() / (float) (1L << 31));
      values.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
    }
    return values.flip();
  }

  private static int elements(int[] shape) {
    return shape.length == 1 ? shape[0] : shape[0] * shape[1];
  }

  private static ByteBuffer little(int capacity) {
    return ByteBuffer.allocateDirect(capacity).order(ByteOrder.LITTLE_ENDIAN);
  }
}
