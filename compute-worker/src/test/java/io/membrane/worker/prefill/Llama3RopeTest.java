package io.membrane.worker.prefill;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.worker.checkpoint.Rope;
import io.membrane.worker.checkpoint.RopeScaling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class Llama3RopeTest {

  private static final Path GOLDEN = Path.of("src/test/resources/golden/llama3-frequencies.json");

  /** An angle is position times frequency: at position 100,000 the last bit is 1e-4 of K. */
  @Test
  void frequenciesAreThoseOfTransformersToTheLastBit() throws IOException {
    try (Script script = new Script()) {
      for (JsonNode golden : new JsonMapper().readTree(Files.readAllBytes(GOLDEN))) {
        double theta = golden.get("theta").asDouble();
        int dim = golden.get("dim").asInt();
        Rope rope =
            new Rope(
                theta,
                dim,
                new RopeScaling.Llama3(
                    golden.get("factor").asDouble(), 1, 4, golden.get("original").asInt()));
        float[] frequencies =
            rope.frequencies(script.floats(script.call("wavelengths", theta, dim)));
        for (int i = 0; i < frequencies.length; i++) {
          assertThat(Float.floatToRawIntBits(frequencies[i]))
              .as("pair %d of %s", i, golden)
              .isEqualTo(golden.get("bits").get(i).asInt());
        }
      }
    }
  }
}
