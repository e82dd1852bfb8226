package io.membrane.worker.provider.wire;

import io.membrane.block.Tokens;
import tools.jackson.databind.JsonNode;

/** SGLang's native generate with token ids. */
final class SglangWire implements ProviderWire {

  private record Request(Tokens inputIds, Sampling samplingParams, boolean stream) {}

  private record Sampling(int maxNewTokens, int temperature) {}

  @Override
  public String path() {
    return "/generate";
  }

  @Override
  public String tokenizePath() {
    return "/tokenize";
  }

  @Override
  public Object request(ProviderPrompt prompt) {
    return new Request(prompt.ids(), new Sampling(1, 0), false);
  }

  @Override
  public Usage usage(JsonNode answer) {
    if (answer.at("/meta_info/finish_reason/type").asString("").equals("abort")) {
      throw new BadAnswerException("the server aborted the request");
    }
    return new Usage(
        Counts.required(answer, "/meta_info/prompt_tokens"),
        Counts.optional(answer, "/meta_info/cached_tokens"),
        null,
        Counts.orZero(answer, "/meta_info/completion_tokens"),
        null);
  }
}
