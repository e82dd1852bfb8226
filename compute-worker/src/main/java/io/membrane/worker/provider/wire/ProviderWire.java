package io.membrane.worker.provider.wire;

import io.membrane.block.Tokens;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** The form of a provider's requests and answers. Stateless. */
public interface ProviderWire {

  /** Where prompts are posted to, relative to the URL. */
  String path();

  /** Headers of every request. */
  default Map<String, String> headers(String key) {
    return key.isEmpty() ? Map.of() : Map.of("Authorization", "Bearer " + key);
  }

  /** The body that prefills a prompt and generates as little as the provider allows. */
  Object request(ProviderPrompt prompt);

  /**
   * What an answer counts.
   *
   * @throws BadAnswerException if it does not, or contradicts itself
   */
  Usage usage(JsonNode answer);

  /** Whether the provider now has a prompt in its cache, if only in part. */
  default boolean isCached(Usage usage) {
    return true;
  }

  /** How many of a cached prompt's {@code blocks} leading blocks the cache has. */
  default int warmBlocks(Usage usage, int blocks) {
    return blocks;
  }

  /** Whether a prompt takes the place of the one before it. */
  default boolean keepsLastOnly() {
    return false;
  }

  /** Where texts are tokenized, relative to the URL. */
  default String tokenizePath() {
    throw new MembraneException(
        ErrorCode.IMPOSSIBLE_REQUEST, "this backend does not say how it tokenizes");
  }

  /** A request to tokenize, as vLLM and SGLang take it. */
  default Object tokenizeRequest(String model, String text, boolean addSpecialTokens) {
    return Map.of("model", model, "prompt", text, "add_special_tokens", addSpecialTokens);
  }

  /**
   * Token ids of an answer to it.
   *
   * @throws BadAnswerException if there are none
   */
  default Tokens tokens(JsonNode answer) {
    JsonNode ids = answer.path("tokens");
    if (!ids.isArray()) {
      throw new BadAnswerException("tokens is not an array");
    }
    List<Long> numbers =
        ids.valueStream()
            .map(id -> {
              if (!id.isIntegralNumber() || !id.canConvertToLong()) {
                throw new BadAnswerException("tokens holds what is no token id");
              }
              return id.longValue();
            })
            .toList();
    try {
      return Tokens.of(numbers.stream().mapToLong(Long::longValue).toArray());
    } catch (IllegalArgumentException e) {
      throw new BadAnswerException(String.valueOf(e.getMessage()));
    }
  }

  /** A JSON object as plain values. */
  @SuppressWarnings("unchecked") // the keys of JSON objects are strings
  static Map<String, Object> plain(JsonNode object) {
    return WireJson.mapper().convertValue(object, Map.class);
  }
}
