package io.membrane.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.block.Namespace;
import io.membrane.boot.StartupProblem;
import io.membrane.worker.publish.ServedModel;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class ModelLoaderTest {

  private static final String TINY = "../models/tiny-llama";

  @Test
  void theDefaultsComeFromTheDirectory() {
    ServedModel served = ModelLoader.load(properties(Map.of("model", TINY)));
    Namespace namespace = served.namespace();
    assertThat(namespace.model()).isEqualTo("tiny-llama");
    assertThat(namespace.revision()).matches("[0-9a-f]{12}");
    assertThat(namespace.kvDtype()).isEqualTo("f32");
    assertThat(namespace.blockTokens()).isEqualTo(256);
    assertThat(served.maxTokens()).isEqualTo(131_072);
    assertThat(served.model().positionLimit()).isEqualTo(16_384);
  }

  @Test
  void theNumberOfThreadsIsConfigurable() {
    assertThat(ModelLoader.load(properties(Map.of("model", TINY, "threads", "1"))).namespace())
        .isNotNull();
  }

  @Test
  void everyPartOfTheNamespaceIsConfigurable() {
    Namespace namespace =
        ModelLoader.load(
                properties(
                    Map.of(
                        "model",
                        TINY,
                        "model-id",
                        "org/a-model",
                        "revision",
                        "main",
                        "kv-dtype",
                        "bf16",
                        "block-tokens",
                        "32")))
            .namespace();
    assertThat(namespace).isEqualTo(new Namespace("org/a-model", "main", "bf16", 32));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          model      | /nowhere | /nowhere is not a directory                    | set membrane.worker.model to another
          model      | src/test | src/test/config.json is missing                | set membrane.worker.model to another
          kv-dtype   | fp8      | membrane.worker.kv-dtype is `fp8`              | f32, bf16 or f16
          device     | cuda:7   | membrane.worker.device is `cuda:7`, the engine sees | set membrane.worker.model
          device     | tpu      | membrane.worker.device is `tpu`                | set membrane.worker.model
          model-id   | ' '      | model must not be blank                        | Set membrane.worker.model-id
          """)
  void aWrongConfigurationStopsTheStart(String key, String value, String problem, String action) {
    WorkerProperties properties =
        properties(key.equals("model") ? Map.of(key, value) : Map.of("model", TINY, key, value));
    assertThatThrownBy(() -> ModelLoader.load(properties))
        .isInstanceOfSatisfying(
            StartupProblem.class,
            e -> {
              assertThat(e.getMessage()).contains(problem.replace('`', '\''));
              assertThat(e.action()).contains(action);
            });
  }

  @Test
  void aModelTooWideForTheDirectoryCannotDescribeItsBlocks() {
    ModelLoader.requireDescribable(4096);
    assertThatThrownBy(() -> ModelLoader.requireDescribable(4097))
        .isInstanceOfSatisfying(
            StartupProblem.class,
            e -> {
              assertThat(e.getMessage()).contains("have 4097 dimensions");
              assertThat(e.action()).contains("membrane.worker.describe-blocks");
            });
  }

  @ParameterizedTest
  @CsvSource({"transfer-ttl, 0s", "transfer-ttl, 2h", "transfer-memory, -1MB"})
  void aTransferBlockThatCannotBeHeldIsRefused(String key, String value) {
    assertThatThrownBy(() -> properties(Map.of("model", TINY, key, value)))
        .hasRootCauseInstanceOf(IllegalArgumentException.class)
        .rootCause()
        .hasMessageContaining("membrane.worker." + key);
  }

  @Test
  void aMissingModelSaysWhatToSet() {
    assertThatThrownBy(() -> ModelLoader.load(properties(Map.of("device", "cpu"))))
        .isInstanceOfSatisfying(
            StartupProblem.class, e -> assertThat(e.action()).contains("MEMBRANE_WORKER_MODEL"));
  }

  private static WorkerProperties properties(Map<String, String> values) {
    return new Binder(new MapConfigurationPropertySource(values))
        .bind("", WorkerProperties.class)
        .get();
  }
}
