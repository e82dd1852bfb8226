package io.membrane.wire;

import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Position in the event log: the id of a {@link LogEntry} in its Redis Stream. Text form {@code
 * ms-seq}, on the wire a string. Ordered as the log is.
 *
 * @param ms Unix time of Redis at the append, 0 ≤ ms &lt; 10^18
 * @param seq number within the millisecond, 0 ≤ seq &lt; 10^18
 */
public record LogPosition(long ms, long seq) implements Comparable<LogPosition> {

  /** Before the first entry. */
  public static final LogPosition START = new LogPosition(0, 0);

  /** Eighteen digits always fit into a long; Redis itself would count on to 2^64. */
  private static final Pattern FORM = Pattern.compile("(\\d{1,18})-(\\d{1,18})");

  private static final long END = 1_000_000_000_000_000_000L;

  private static final Comparator<LogPosition> ORDER =
      Comparator.comparingLong(LogPosition::ms).thenComparingLong(LogPosition::seq);

  public LogPosition {
    if (ms < 0 || ms >= END || seq < 0 || seq >= END) {
      throw new IllegalArgumentException(
          "each number of a log position is 0 to 10^18 - 1, not " + ms + " and " + seq);
    }
  }

  /**
   * Parses the text form.
   *
   * @throws IllegalArgumentException if it is anything else
   */
  public static LogPosition parse(String text) {
    Matcher m = FORM.matcher(text);
    if (!m.matches()) {
      throw new IllegalArgumentException(
          "a log position is written like 1789095808837-0, not '%.80s'".formatted(text));
    }
    return new LogPosition(Long.parseLong(m.group(1)), Long.parseLong(m.group(2)));
  }

  /** Whether {@link #parse} takes this text. */
  public static boolean isPosition(String text) {
    return FORM.matcher(text).matches();
  }

  @Override
  public int compareTo(LogPosition other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return ms + "-" + seq;
  }
}
