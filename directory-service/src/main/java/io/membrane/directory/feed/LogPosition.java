package io.membrane.directory.feed;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Id of an entry of a Redis Stream: {@code ms-seq}.
 *
 * @param ms Unix time of Redis at the append
 * @param seq number within the millisecond
 */
public record LogPosition(long ms, long seq) implements Comparable<LogPosition> {

  /** Before the first entry. */
  public static final LogPosition START = new LogPosition(0, 0);

  private static final Pattern FORM = Pattern.compile("(\\d{1,18})-(\\d{1,18})");

  /**
   * Parses the text form.
   *
   * @throws IllegalArgumentException if it is anything else
   */
  public static LogPosition parse(String text) {
    Matcher m = FORM.matcher(text);
    if (!m.matches()) {
      throw new IllegalArgumentException(
          "a log position is written like 1789095808837-0, as log_position gives it");
    }
    return new LogPosition(Long.parseLong(m.group(1)), Long.parseLong(m.group(2)));
  }

  @Override
  public int compareTo(LogPosition other) {
    int c = Long.compare(ms, other.ms);
    return c != 0 ? c : Long.compare(seq, other.seq);
  }

  @Override
  public String toString() {
    return ms + "-" + seq;
  }
}
