package io.membrane.worker.provider.wire;

import io.membrane.block.Tokens;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * vLLM's completions with token ids. Cached tokens are counted if the server was started with
 * {@code --enable-prompt-tokens-details}.
 */
final class VllmWire implements ProviderWire {

  private final WireOptions options;

  VllmWire(WireOptions options) {
    this.options = options;
  }

  private record Request(
      String model,
      Tokens prompt,
      int maxTokens,
      int temperature,
      boolean stream,
      @Nullable Map<String, @Nullable Object> kvTransferParams) {}

  @Override
  public String path() {
    return "/v1/completions";
  }

  @Override
  public String tokenizePath() {
    return "/tokenize";
  }

  @Override
  public Object request(ProviderPrompt prompt) {
    return new Request(
        options.model(), prompt.ids(), 1, 0, false, options.kvTransfer() ? asked() : null);
  }

  /** As vLLM's routers write it: what the prefilling side fills in is null. */
  private static Map<String, @Nullable Object> asked() {
    Map<String, @Nullable Object> params = new LinkedHashMap<>();
    params.put("do_remote_decode", true);
    params.put("do_remote_prefill", false);
    for (String filledIn :
        List.of("remote_engine_id", "remote_block_ids", "remote_host", "remote_port")) {
      params.put(filledIn, null);
    }
    return params;
  }

  @Override
  public Usage usage(JsonNode answer) {
    JsonNode params = answer.path("kv_transfer_params");
    return new Usage(
        Counts.required(answer, "/usage/prompt_tokens"),
        Counts.optional(answer, "/usage/prompt_tokens_details/cached_tokens"),
        null,
        Counts.orZero(answer, "/usage/completion_tokens"),
        params.isObject() ? ProviderWire.plain(params) : null);
  }
}
