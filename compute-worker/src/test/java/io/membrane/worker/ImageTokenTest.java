package io.membrane.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** The worker with a model that could also see: its images are token 94, its videos 95. */
class ImageTokenTest extends WorkerHttpTest {

  @TempDir static Path model;

  @DynamicPropertySource
  static void seeing(DynamicPropertyRegistry registry) throws IOException {
    Path golden = Path.of("src/test/resources/golden/qwen3_5-vl");
    for (String file : List.of("config.json", "model.safetensors")) {
      Files.copy(golden.resolve(file), model.resolve(file));
    }
    Files.copy(Path.of("../models/tiny-llama/tokenizer.json"), model.resolve("tokenizer.json"));
    registry.add("membrane.worker.model", model::toString);
    registry.add("membrane.worker.model-id", () -> "seeing");
  }

  @ParameterizedTest
  @CsvSource({"93, 200", "94, 422", "95, 422"})
  void textIsComputedAndAnImageIsRefused(int token, int status) {
    Answer answer = post("/v1/prefill", "{\"tokens\":[1,2," + token + "]}");
    assertThat(answer.status()).as(answer.http().body()).isEqualTo(status);
    if (status != 200) {
      assertThat(answer.http().body())
          .contains("token 2 is " + token)
          .contains("this worker computes text alone");
    }
  }
}
