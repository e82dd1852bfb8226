package io.membrane.rpc;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/** The header {@code Retry-After} of RFC 9110, section 10.2.3. */
public final class RetryAfter {

  /** What is longer helps nobody who waits. */
  private static final Duration MOST = Duration.ofDays(1);

  private static final int MAX_DIGITS = 9;

  private RetryAfter() {}

  /**
   * How long a header asks to wait, from 0 to a day; null if there is none that can be read.
   *
   * @param header seconds or an HTTP date
   * @param now what a date is counted from
   */
  public static @Nullable Duration parse(@Nullable String header, Instant now) {
    if (header == null) {
      return null;
    }
    String text = header.strip();
    if (text.matches("[0-9]{1," + MAX_DIGITS + "}")) {
      return bounded(Duration.ofSeconds(Long.parseLong(text)));
    }
    try {
      return bounded(
          Duration.between(now, DateTimeFormatter.RFC_1123_DATE_TIME.parse(text, Instant::from)));
    } catch (DateTimeException e) {
      return null;
    }
  }

  /** The header's value: whole seconds, at least one. */
  public static String write(Duration wait) {
    return Long.toString(Math.max(1, wait.plusMillis(999).toSeconds()));
  }

  private static Duration bounded(Duration wait) {
    if (wait.isNegative()) {
      return Duration.ZERO;
    }
    return wait.compareTo(MOST) > 0 ? MOST : wait;
  }
}
