package io.membrane.worker.publish;

import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A position in the directory's event log, {@code ms-seq}.
 *
 * @param ms Unix time
 * @param seq number within the millisecond
 */
record LogPosition(long ms, long seq) implements Comparable<LogPosition> {

  private static final Pattern FORM = Pattern.compile("(\\d{1,18})-(\\d{1,18})");

  private static final Comparator<LogPosition> ORDER =
      Comparator.comparingLong(LogPosition::ms).thenComparingLong(LogPosition::seq);

  /**
   * Parses the text form.
   *
   * @throws IllegalArgumentException if it is anything else
   */
  static LogPosition parse(String text) {
    Matcher m = FORM.matcher(text);
    if (!m.matches()) {
      throw new IllegalArgumentException("a log position is written like 7-0, not '" + text + "'");
    }
    return new LogPosition(Long.parseLong(m.group(1)), Long.parseLong(m.group(2)));
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
