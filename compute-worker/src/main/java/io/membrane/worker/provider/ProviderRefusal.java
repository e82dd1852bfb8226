package io.membrane.worker.provider;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.RetryAfter;
import io.membrane.rpc.WireJson;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/** Says what a provider's error means for the caller. */
final class ProviderRefusal {

  private static final int SHOWN = 300;

  /** OpenAI: waiting would not help. */
  private static final String NO_QUOTA = "insufficient_quota";

  /** Anthropic: overloaded. */
  private static final int OVERLOADED_529 = 529;

  private ProviderRefusal() {}

  static MembraneException of(String peer, HttpResponse<byte[]> answer, ApiKey key, Instant now) {
    int status = answer.statusCode();
    JsonNode body = json(answer.body());
    Duration wait = RetryAfter.parse(answer.headers().firstValue("Retry-After").orElse(null), now);
    return switch (status) {
      case 401, 403 -> refused(peer, status, "check membrane.worker.provider.api-key");
      case 402 -> refused(peer, status, "the account has to be paid");
      case 404 -> refused(peer, status, "check membrane.worker.provider.model and .url");
      case 429, OVERLOADED_529 ->
          NO_QUOTA.equals(body.at("/error/code").asString(""))
              ? refused(peer, status, "the account's quota is used up")
              : error(ErrorCode.OVERLOADED, peer + " takes no more now (" + status + ")", wait);
      case 408, 425 -> error(ErrorCode.DEPENDENCY_UNAVAILABLE, peer + " answered " + status, wait);
      case 413 -> error(ErrorCode.TOO_LARGE, peer + " says that the prompt is too large", null);
      default ->
          status >= 400 && status < 500
              ? error(
                  ErrorCode.IMPOSSIBLE_REQUEST,
                  "%s does not take the prompt (%d): %s".formatted(peer, status, said(body, key)),
                  null)
              : error(ErrorCode.DEPENDENCY_UNAVAILABLE, peer + " answered " + status, wait);
    };
  }

  private static MembraneException refused(String peer, int status, String action) {
    return error(
        ErrorCode.PROVIDER_REFUSED,
        "%s refuses this worker (%d): %s".formatted(peer, status, action),
        null);
  }

  private static MembraneException error(ErrorCode code, String detail, @Nullable Duration wait) {
    return new MembraneException(code, detail, null, wait);
  }

  /** The provider's own words: {@code error.message}, {@code error} or {@code message}. */
  private static String said(JsonNode body, ApiKey key) {
    for (String pointer : new String[] {"/error/message", "/error", "/message"}) {
      if (body.at(pointer).isString()) {
        String text = key.hiddenIn(body.at(pointer).stringValue()).replaceAll("\\p{Cntrl}", " ");
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
      }
    }
    return "without a reason";
  }

  private static JsonNode json(byte[] body) {
    try {
      return WireJson.mapper().readTree(body);
    } catch (JacksonException e) {
      return MissingNode.getInstance();
    }
  }
}
