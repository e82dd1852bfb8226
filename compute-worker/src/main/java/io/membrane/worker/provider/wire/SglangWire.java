package io.membrane.worker.provider.wire;

import io.membrane.block.Tokens;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** SGLang's native generate with token ids. */
final class SglangWire implements ProviderWire {

  /**
   * SGLang's own name for a decoding side that is not there ({@code FAKE_BOOTSTRAP_HOST}): a server
   * in prefill mode computes the prompt, caches it and hands it to nobody.
   */
  private static final String NOBODY = "2.2.2.2";

  private final boolean isDisaggregated;
  private final LongSupplier rooms;

  /**
   * @param rooms numbers from 0 for requests to a server in prefill mode
   */
  SglangWire(WireOptions options, LongSupplier rooms) {
    this.isDisaggregated = options.disaggregated();
    this.rooms = rooms;
  }

  private record Request(
      Tokens inputIds,
      Sampling samplingParams,
      boolean stream,
      @Nullable String bootstrapHost,
      @Nullable Long bootstrapRoom) {}

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
    return new Request(
        prompt.ids(),
        new Sampling(1, 0),
        false,
        isDisaggregated ? NOBODY : null,
        isDisaggregated ? rooms.getAsLong() : null);
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
