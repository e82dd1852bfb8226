package io.membrane.worker.prefill;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.worker.checkpoint.BadModelException;
import io.membrane.worker.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NotFiniteTest {

  @TempDir Path temp;

  @Test
  void aRopeWithoutFiniteAnglesStopsTheLoading() throws IOException {
    Path model = Golden.model("llama");
    Files.copy(model.resolve("model.safetensors"), temp.resolve("model.safetensors"));
    Files.writeString(
        temp.resolve("config.json"),
        Files.readString(model.resolve("config.json"))
            .replace(
                "\"rope_scaling\": null",
                "\"rope_scaling\": {\"type\":\"yarn\",\"factor\":4,\"beta_fast\":-3}"));
    assertRefused("angles that are not finite");
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void aWeightThatIsNoNumberStopsTheLoading(float value) throws IOException {
    Path model = Golden.model("llama");
    Files.copy(model.resolve("config.json"), temp.resolve("config.json"));
    byte[] weights = Files.readAllBytes(model.resolve("model.safetensors"));
    ByteBuffer.wrap(weights)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putFloat(weights.length - Float.BYTES, value);
    Files.write(temp.resolve("model.safetensors"), weights);
    assertRefused("holds NaN or infinite values");
  }

  private void assertRefused(String message) {
    PrefillOptions options = new PrefillOptions("cpu", null, 32, 0);
    try (Checkpoint checkpoint = Checkpoint.open(temp)) {
      assertThatThrownBy(() -> PrefillModel.load(checkpoint, options).close())
          .isInstanceOf(BadModelException.class)
          .hasMessageContaining(message);
    }
  }
}
