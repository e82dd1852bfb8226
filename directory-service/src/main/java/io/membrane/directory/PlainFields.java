package io.membrane.directory;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.membrane.directory.PlainScan.NotPlain;
import java.util.Arrays;
import java.util.List;

/**
 * The fields of one kind of object, in a document full of such objects, which mostly have the same
 * fields in the same order. Not thread-safe.
 */
final class PlainFields {

  /** {@link #next}: a field that nobody asks for. */
  static final int UNKNOWN = -1;

  private static final int MAX_UNKNOWN = 16;

  /** Bytes of an unknown name; the whole parser has a limit too, a larger one. */
  private static final int MAX_NAME = 1024;

  private final byte[] body;
  private final PlainScan scan;
  private final byte[][] names;

  /** Which field came last after each field, and at first. */
  private final int[] successors;

  private int last;
  private int seen;
  private final int[] unknownFrom = new int[MAX_UNKNOWN];
  private final int[] unknownTo = new int[MAX_UNKNOWN];
  private int unknown;

  /** Fields by their numbers, at most 31. */
  PlainFields(byte[] body, PlainScan scan, List<String> names) {
    this.body = body;
    this.scan = scan;
    this.names =
        names.stream().map(name -> ('"' + name + '"').getBytes(US_ASCII)).toArray(byte[][]::new);
    this.successors = new int[names.size() + 1];
    begin();
  }

  /** Begins an object. */
  void begin() {
    last = names.length;
    seen = 0;
    unknown = 0;
  }

  /** Whether the object has a field, which may be null. */
  boolean has(int field) {
    return (seen & 1 << field) != 0;
  }

  /**
   * Skips a name and the colon after it.
   *
   * @return the field's number, or {@link #UNKNOWN}
   */
  int next() {
    scan.space();
    int field = successors[last];
    if (!scan.isSkipped(names[field])) {
      field = find();
    }
    if (field == UNKNOWN) {
      addUnknown();
    } else {
      if (has(field)) {
        throw new NotPlain();
      }
      seen |= 1 << field;
      successors[last] = field;
      last = field;
    }
    scan.skip(':');
    return field;
  }

  private int find() {
    for (int field = 0; field < names.length; field++) {
      if (scan.isSkipped(names[field])) {
        return field;
      }
    }
    return UNKNOWN;
  }

  private void addUnknown() {
    if (unknown == MAX_UNKNOWN) {
      throw new NotPlain();
    }
    int from = scan.skipText();
    if (scan.at() - from > MAX_NAME) {
      throw new NotPlain();
    }
    for (int i = 0; i < unknown; i++) {
      if (Arrays.equals(body, unknownFrom[i], unknownTo[i], body, from, scan.at())) {
        throw new NotPlain();
      }
    }
    unknownFrom[unknown] = from;
    unknownTo[unknown++] = scan.at();
  }
}
