package io.membrane.worker;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.Namespace;
import io.membrane.block.Tokens;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillRequest.Prefix;
import io.membrane.wire.PrefillResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** The worker with a hybrid model that keeps a state at every second block. */
abstract class HybridWorkerTest extends WorkerHttpTest {

  static final Namespace NAMESPACE = new Namespace("hybrid", "r1", "f32", 16);
  static final Tokens PROMPT = Tokens.ofInts(new Random(6).ints(7 * 16 + 9, 0, 96).toArray());
  static final List<BlockHash> CHAIN =
      BlockHasher.chain(Peers.root(NAMESPACE, "default"), 16, PROMPT);

  @DynamicPropertySource
  static void hybrid(DynamicPropertyRegistry registry) throws IOException {
    Path golden = Path.of("src/test/resources/golden/qwen3_5");
    Path model = Files.createDirectories(Path.of("target/hybrid-model"));
    for (String file : List.of("config.json", "model.safetensors")) {
      Files.copy(golden.resolve(file), model.resolve(file), REPLACE_EXISTING);
    }
    Files.copy(
        Path.of("../models/tiny-llama/tokenizer.json"),
        model.resolve("tokenizer.json"),
        REPLACE_EXISTING);
    registry.add("membrane.worker.model", model::toString);
    registry.add("membrane.worker.model-id", () -> "hybrid");
    registry.add("membrane.worker.state-every", () -> "2");
  }

  PrefillResponse prefill(Tokens tokens, List<BlockHash> prefix, boolean store, boolean nextToken) {
    return prefill(
        new PrefillRequest("hybrid", tokens, null, new Prefix(prefix), store, nextToken));
  }
}
