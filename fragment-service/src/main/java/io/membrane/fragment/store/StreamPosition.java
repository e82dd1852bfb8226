package io.membrane.fragment.store;

import java.util.Comparator;

/**
 * Id of a stream entry, {@code ms-seq}.
 *
 * @param ms Unix time of Redis' clock
 * @param seq number within the millisecond
 */
record StreamPosition(long ms, long seq) implements Comparable<StreamPosition> {

  private static final Comparator<StreamPosition> ORDER =
      Comparator.comparingLong(StreamPosition::ms).thenComparingLong(StreamPosition::seq);

  static StreamPosition parse(String id) {
    int dash = id.indexOf('-');
    return new StreamPosition(
        Long.parseLong(id.substring(0, dash)), Long.parseLong(id.substring(dash + 1)));
  }

  @Override
  public int compareTo(StreamPosition other) {
    return ORDER.compare(this, other);
  }
}
