package io.membrane.worker.provider.wire;

import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import tools.jackson.databind.JsonNode;

/**
 * Ollama's generate, raw: the prompt as the caller's template made it. The slot keeps the KV of its
 * last prompt while the model stays loaded; how much of it was reused is not said.
 */
final class OllamaWire implements ProviderWire {

  private final WireOptions options;

  OllamaWire(WireOptions options) {
    this.options = options;
  }

  private record Request(
      String model,
      String prompt,
      boolean raw,
      boolean stream,
      boolean truncate,
      String keepAlive,
      Map<String, Integer> options) {}

  @Override
  public String path() {
    return "/api/generate";
  }

  @Override
  public Object request(ProviderPrompt prompt) {
    Duration ttl = Objects.requireNonNullElse(options.ttl(), Backend.OLLAMA.defaultLifetime());
    return new Request(
        options.model(),
        prompt.text(),
        true,
        false,
        false,
        ttl.toSeconds() + "s",
        Map.of("num_predict", 1));
  }

  /** A count of 0 is left out. */
  @Override
  public Usage usage(JsonNode answer) {
    if (!answer.path("done").asBoolean(false)) {
      throw new BadAnswerException("it is not done");
    }
    return new Usage(
        Counts.orZero(answer, "/prompt_eval_count"),
        null,
        null,
        Counts.orZero(answer, "/eval_count"),
        null);
  }

  @Override
  public boolean keepsLastOnly() {
    return true;
  }
}
