package io.membrane.worker.provider.wire;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Reads counts of tokens. */
final class Counts {

  private Counts() {}

  /** The count at a JSON pointer. */
  static int required(JsonNode answer, String pointer) {
    Integer count = optional(answer, pointer);
    if (count == null) {
      throw new BadAnswerException("it has no " + pointer);
    }
    return count;
  }

  /** The same; null if there is none. */
  static @Nullable Integer optional(JsonNode answer, String pointer) {
    JsonNode count = answer.at(pointer);
    if (count.isMissingNode() || count.isNull()) {
      return null;
    }
    if (!count.isIntegralNumber() || !count.canConvertToInt() || count.intValue() < 0) {
      throw new BadAnswerException(pointer + " is no count");
    }
    return count.intValue();
  }

  /** The same; 0 if there is none. */
  static int orZero(JsonNode answer, String pointer) {
    Integer count = optional(answer, pointer);
    return count == null ? 0 : count;
  }
}
