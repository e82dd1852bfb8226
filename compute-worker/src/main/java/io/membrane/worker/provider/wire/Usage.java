package io.membrane.worker.provider.wire;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a provider counted of one request, in its own tokens.
 *
 * @param promptTokens all of the prompt
 * @param cachedTokens those of them that came from its cache; null if it does not say
 * @param writtenTokens those that it wrote there; null if it does not count them apart
 * @param outputTokens generated
 * @param kvTransferParams for a decoding engine; null if there are none
 */
public record Usage(
    int promptTokens,
    @Nullable Integer cachedTokens,
    @Nullable Integer writtenTokens,
    int outputTokens,
    @Nullable Map<String, Object> kvTransferParams) {

  public Usage {
    if ((long) read(cachedTokens) + read(writtenTokens) > promptTokens) {
      throw new BadAnswerException("more tokens are cached and written than the prompt has");
    }
  }

  /** Cached tokens, 0 if the provider does not say. */
  public int cached() {
    return read(cachedTokens);
  }

  /** Written tokens, 0 if the provider does not count them. */
  public int written() {
    return read(writtenTokens);
  }

  /** Tokens that were neither. */
  public int uncached() {
    return promptTokens - cached() - written();
  }

  private static int read(@Nullable Integer count) {
    return count == null ? 0 : count;
  }
}
