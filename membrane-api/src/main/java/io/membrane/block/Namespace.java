package io.membrane.block;

/**
 * What must be equal for two KV blocks of equal tokens to be interchangeable.
 *
 * @param model model name, at most 256 characters
 * @param revision weights revision, at most 256 characters
 * @param kvDtype element type of K and V as the engine names it ({@code bf16}, {@code fp8_e4m3}, …)
 * @param blockTokens tokens per block, 1 to {@value #MAX_BLOCK_TOKENS}
 */
public record Namespace(String model, String revision, String kvDtype, int blockTokens) {

  /** Longest block: a longer one would never be shared. */
  public static final int MAX_BLOCK_TOKENS = 65_536;

  /** Block size where nobody names one. */
  public static final int DEFAULT_BLOCK_TOKENS = 256;

  public Namespace {
    model = Text.name("model", model, 256);
    revision = Text.name("revision", revision, 256);
    kvDtype = Text.name("kv_dtype", kvDtype, 32);
    if (blockTokens < 1 || blockTokens > MAX_BLOCK_TOKENS) {
      throw new IllegalArgumentException(
          "block_tokens must be 1 to " + MAX_BLOCK_TOKENS + ", not " + blockTokens);
    }
  }
}
