package io.membrane.worker.prefill;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.membrane.block.Tokens;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.worker.checkpoint.BadModelException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * The tokenizer of a model directory. Splits as {@code AutoTokenizer.from_pretrained(directory)}
 * does; neither truncates nor pads, whatever the file says. Thread-safe.
 */
public final class PromptTokenizer implements AutoCloseable {

  private static final Map<String, String> WHOLE_TEXT =
      Map.of("truncation", "do_not_truncate", "padding", "do_not_pad");

  private final HuggingFaceTokenizer tokenizer;

  private PromptTokenizer(HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /**
   * Opens {@code tokenizer.json}.
   *
   * @throws BadModelException if it is missing or malformed
   */
  public static PromptTokenizer open(Path directory) {
    Path file = directory.resolve("tokenizer.json");
    if (!Files.isRegularFile(file)) {
      throw new BadModelException(
          file + " is missing: save the model's fast tokenizer beside the weights");
    }
    try {
      return new PromptTokenizer(HuggingFaceTokenizer.newInstance(file, WHOLE_TEXT));
    } catch (IOException | RuntimeException e) {
      throw new BadModelException(file + " is not a tokenizer: " + e.getMessage(), e);
    }
  }

  /**
   * Token ids of a text.
   *
   * @param addSpecialTokens whether the tokenizer's own template (such as a first BOS) is applied
   * @throws MembraneException {@link ErrorCode#MALFORMED_REQUEST} if the text holds half a
   *     character
   */
  public Tokens encode(String text, boolean addSpecialTokens) {
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST, "text holds a surrogate without its other half");
    }
    return Tokens.of(tokenizer.encode(text, addSpecialTokens, false).getIds());
  }

  /** The text of one token; special tokens are spelled out. */
  public String decode(long id) {
    return tokenizer.decode(new long[] {id}, false);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
