package io.membrane.worker.prefill;

import io.membrane.block.Tokens;
import io.membrane.worker.checkpoint.Checkpoint;
import io.membrane.worker.checkpoint.ElementType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes the KV of a text as fragments, a file for each block of 256 tokens and each type, to
 * measure with. Run with the module's test classpath:
 *
 * <pre>
 * java -Dai.djl.offline=true -cp … io.membrane.worker.prefill.KvFiles MODEL TEXT TOKENS OUT
 * </pre>
 */
final class KvFiles {

  private static final int BLOCK = 256;

  private KvFiles() {}

  public static void main(String[] args) throws IOException {
    Path model = Path.of(args[0]);
    int count = Integer.parseInt(args[2]);
    Path out = Files.createDirectories(Path.of(args[3]));
    long[] ids;
    try (PromptTokenizer tokenizer = PromptTokenizer.open(model)) {
      Tokens all = tokenizer.encode(Files.readString(Path.of(args[1])), true);
      ids = new long[Math.min(count, all.length())];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = all.get(i);
      }
    }
    for (ElementType type : ElementType.values()) {
      try (Checkpoint checkpoint = Checkpoint.open(model);
          PrefillModel loaded =
              PrefillModel.load(checkpoint, new PrefillOptions("auto", type, BLOCK, 0));
          Prefill prefill = loaded.begin(Tokens.of(ids), List.of(), BLOCK)) {
        while (prefill.advance()) {}
        for (int at = 0; at + BLOCK <= ids.length; at += BLOCK) {
          String name = "%s-%s-%04d.kv".formatted(model.getFileName(), type.word(), at);
          Files.write(out.resolve(name), prefill.kv(at, at + BLOCK));
        }
      }
    }
  }
}
