package io.membrane.worker.provider;

/**
 * A secret that goes to its provider and nowhere else: neither {@link #toString} nor any message
 * has it.
 */
public final class ApiKey {

  private static final String HIDDEN = "(api key)";
  private static final int SHORTEST_HIDDEN = 4;

  private final String value;

  /** Any text; the line end of a file is not part of the key. */
  public ApiKey(String value) {
    this.value = value.strip();
  }

  /** Whether a header can carry it. */
  public boolean isSendable() {
    return !value.isEmpty() && value.chars().allMatch(c -> c > ' ' && c < 0x7f);
  }

  String value() {
    return value;
  }

  /** Text of somebody else's that may repeat the key, without it. */
  String hiddenIn(String text) {
    return value.length() < SHORTEST_HIDDEN ? text : text.replace(value, HIDDEN);
  }

  @Override
  public String toString() {
    return HIDDEN;
  }
}
