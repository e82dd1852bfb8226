package io.membrane.directory;

import java.util.Arrays;
import java.util.function.Function;

/**
 * Values that stand in a document again and again in the same bytes, each understood once. For one
 * document.
 */
final class PlainTexts<T> {

  /** So many are remembered, the latest. */
  private static final int MAX_KNOWN = 16;

  private final byte[] body;
  private final PlainScan scan;
  private final Function<byte[], T> reader;
  private final int[] from = new int[MAX_KNOWN];
  private final int[] to = new int[MAX_KNOWN];
  private final Object[] values = new Object[MAX_KNOWN];
  private int known;
  private int last;

  /** Of values as {@code reader} understands them from their bytes. */
  PlainTexts(byte[] body, PlainScan scan, Function<byte[], T> reader) {
    this.body = body;
    this.scan = scan;
    this.reader = reader;
  }

  /** Skips a text, or an object of texts and numbers, and says what it means. */
  @SuppressWarnings("unchecked") // only values of the reader are kept
  T next() {
    scan.space();
    if (!isNext(last)) {
      last = find();
    }
    scan.moveTo(scan.at() + to[last] - from[last]);
    return (T) values[last];
  }

  private boolean isNext(int index) {
    return to[index] > 0 && scan.startsWith(body, from[index], to[index]);
  }

  private int find() {
    for (int i = 0; i < Math.min(known, MAX_KNOWN); i++) {
      if (isNext(i)) {
        return i;
      }
    }
    int start = scan.at();
    if (scan.isAt('{')) {
      scan.skipFlatObject();
    } else {
      var _ = scan.skipText();
    }
    int index = known++ % MAX_KNOWN;
    values[index] = reader.apply(Arrays.copyOfRange(body, start, scan.at()));
    from[index] = start;
    to[index] = scan.at();
    scan.moveTo(start);
    return index;
  }
}
