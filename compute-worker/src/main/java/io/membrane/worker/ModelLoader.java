package io.membrane.worker;

import ai.djl.engine.EngineException;
import io.membrane.block.Namespace;
import io.membrane.block.Tokens;
import io.membrane.boot.StartupProblem;
import io.membrane.wire.DirectoryClient;
import io.membrane.worker.checkpoint.BadModelException;
import io.membrane.worker.checkpoint.Checkpoint;
import io.membrane.worker.checkpoint.ElementType;
import io.membrane.worker.prefill.Prefill;
import io.membrane.worker.prefill.PrefillModel;
import io.membrane.worker.prefill.PrefillOptions;
import io.membrane.worker.prefill.PromptTokenizer;
import io.membrane.worker.prefill.SnapshotRule;
import io.membrane.worker.prefill.StateLayout;
import io.membrane.worker.publish.ServedModel;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads the configured model and tries it once, or says what to configure instead. */
final class ModelLoader {

  private static final Logger log = LoggerFactory.getLogger(ModelLoader.class);

  private ModelLoader() {}

  /** To be called on the thread that will compute. */
  static ServedModel load(WorkerProperties properties) {
    if (properties.model() == null) {
      throw new StartupProblem(
          "membrane.worker.model is not set.",
          "Set it (MEMBRANE_WORKER_MODEL) to a model directory in Hugging Face form, such as"
              + " models/tiny-llama.");
    }
    long start = System.nanoTime();
    Path directory = Path.of(properties.model()).toAbsolutePath().normalize();
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      if (properties.describeBlocks()) {
        requireDescribable(checkpoint.config().hiddenSize());
      }
      ElementType kvType = kvType(properties.kvDtype(), checkpoint.weightType());
      Namespace namespace = namespace(properties, checkpoint, kvType);
      PromptTokenizer tokenizer = PromptTokenizer.open(directory);
      PrefillModel model =
          PrefillModel.load(
              checkpoint,
              new PrefillOptions(
                  properties.device(),
                  kvType,
                  properties.effectiveChunkTokens(),
                  properties.threads(),
                  new SnapshotRule(properties.stateEvery(), properties.stateLimit())));
      ServedModel served = new ServedModel(namespace, model, tokenizer, properties.maxTokens());
      requireBlockFits(served);
      warmUp(model, properties);
      log.info(
          "{} on {}, loaded and tried in {} ms",
          namespace,
          model.device(),
          (System.nanoTime() - start) / 1_000_000);
      return served;
    } catch (BadModelException e) {
      throw new StartupProblem(
          String.valueOf(e.getMessage()),
          "Correct the model directory, or set membrane.worker.model to another one.");
    } catch (EngineException e) {
      throw new StartupProblem(
          "The PyTorch engine does not work here: " + e.getMessage(),
          "The jar holds natives for x86-64 Linux; elsewhere set PYTORCH_LIBRARY_PATH and"
              + " PYTORCH_VERSION to an installed libtorch 2.7.1.");
    }
  }

  private static ElementType kvType(@Nullable String word, ElementType weights) {
    if (word == null) {
      return weights;
    }
    return ElementType.ofWord(word)
        .orElseThrow(() ->
            new StartupProblem(
                "membrane.worker.kv-dtype is '" + word + "'.",
                "Write f32, bf16 or f16, or leave it out for the weights' own type."));
  }

  private static Namespace namespace(
      WorkerProperties properties, Checkpoint checkpoint, ElementType kvType) {
    String id =
        Objects.requireNonNullElseGet(
            properties.modelId(), () -> String.valueOf(checkpoint.directory().getFileName()));
    String revision = Objects.requireNonNullElseGet(properties.revision(), checkpoint::digest);
    try {
      return new Namespace(id, revision, kvType.word(), properties.blockTokens());
    } catch (IllegalArgumentException e) {
      throw new StartupProblem(
          "The model cannot be named: " + e.getMessage(),
          "Set membrane.worker.model-id and membrane.worker.revision.");
    }
  }

  private static void requireBlockFits(ServedModel served) {
    int tokens = served.namespace().blockTokens();
    long bytes = served.model().layout().bytes(tokens);
    if (bytes > Integer.MAX_VALUE - 16) {
      throw new StartupProblem(
          "A block of %d tokens of this model has %d bytes, more than 2 GiB."
              .formatted(tokens, bytes),
          "Set membrane.worker.block-tokens to a smaller number.");
    }
    StateLayout state = served.model().stateLayout();
    if (state != null && state.bytes() > Integer.MAX_VALUE - 16) {
      throw new StartupProblem(
          "A state of this model has %d bytes, more than 2 GiB.".formatted(state.bytes()),
          "Set membrane.worker.model to another model.");
    }
  }

  static void requireDescribable(int dimensions) {
    if (dimensions > DirectoryClient.MAX_DIMENSIONS) {
      throw new StartupProblem(
          "The model's hidden states have %d dimensions, the directory takes embeddings of at most %d."
              .formatted(dimensions, DirectoryClient.MAX_DIMENSIONS),
          "Leave membrane.worker.describe-blocks out.");
    }
  }

  private static void warmUp(PrefillModel model, WorkerProperties properties) {
    int length = Math.min(properties.effectiveChunkTokens() + 1, model.positionLimit());
    Tokens tokens = Tokens.ofInts(new int[length]);
    try (Prefill prefill =
        model.begin(tokens, List.of(), properties.blockTokens(), properties.describeBlocks())) {
      while (prefill.advance()) {}
      prefill.logits();
    }
  }
}
