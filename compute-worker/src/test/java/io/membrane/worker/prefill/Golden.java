package io.membrane.worker.prefill;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.Tokens;
import io.membrane.worker.checkpoint.Checkpoint;
import io.membrane.worker.checkpoint.ElementType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What transformers computes, as {@code make_goldens.py} wrote it. */
final class Golden {

  final Path directory;
  final Tokens tokens;
  final float[] kv;
  final float[] logits;

  /** Embeddings of the full blocks of 16 tokens, one after the other. */
  final float[] means;

  private Golden(Path directory, Tokens tokens, float[] kv, float[] logits, float[] means) {
    this.directory = directory;
    this.tokens = tokens;
    this.kv = kv;
    this.logits = logits;
    this.means = means;
  }

  private static final Path ROOT = Path.of("src/test/resources/golden");

  static Golden read(String name) throws IOException {
    Path data = ROOT.resolve(name);
    ByteBuffer ids = little(Files.readAllBytes(data.resolve("tokens.i32")));
    int[] tokens = new int[ids.remaining() / Integer.BYTES];
    ids.asIntBuffer().get(tokens);
    return new Golden(
        model(name),
        Tokens.ofInts(tokens),
        f32(Files.readAllBytes(data.resolve("kv.f32"))),
        f32(Files.readAllBytes(data.resolve("logits.f32"))),
        f32(Files.readAllBytes(data.resolve("means.f32"))));
  }

  static Path model(String name) {
    return name.equals("tiny-llama") ? Path.of("../models/tiny-llama") : ROOT.resolve(name);
  }

  static PrefillModel load(String name, @Nullable ElementType kvType, int chunkTokens) {
    try (Checkpoint checkpoint = Checkpoint.open(model(name))) {
      return PrefillModel.load(checkpoint, new PrefillOptions("cpu", kvType, chunkTokens, 0));
    }
  }

  /** With a snapshot of a hybrid model's state at every {@code every}-th block. */
  static PrefillModel load(String name, @Nullable ElementType kvType, int chunkTokens, int every) {
    try (Checkpoint checkpoint = Checkpoint.open(model(name))) {
      return PrefillModel.load(
          checkpoint,
          new PrefillOptions("cpu", kvType, chunkTokens, 0, new SnapshotRule(every, 1000)));
    }
  }

  /** The values of a payload, widened. */
  static float[] values(byte[] payload, ElementType type) {
    ByteBuffer bytes = little(payload);
    float[] values = new float[payload.length / type.bytes()];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (type) {
            case F32 -> bytes.getFloat();
            case BF16 -> Float.intBitsToFloat(bytes.getShort() << 16);
            case F16 -> Float.float16ToFloat(bytes.getShort());
          };
    }
    return values;
  }

  /** The largest difference of two numbers at the same place, all of which are finite. */
  static double distance(float[] expected, float[] actual) {
    assertThat(actual).hasSameSizeAs(expected);
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i]).isFinite();
      worst = Math.max(worst, Math.abs(expected[i] - actual[i]));
    }
    return worst;
  }

  private static float[] f32(byte[] bytes) {
    return values(bytes, ElementType.F32);
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
