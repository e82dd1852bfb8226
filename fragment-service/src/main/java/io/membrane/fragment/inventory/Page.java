package io.membrane.fragment.inventory;

import java.util.Arrays;

/** Copies of entries, in order, one after the other; at most {@value #CAPACITY}. */
final class Page {

  static final int CAPACITY = 512;

  private byte[] bytes = new byte[8 * Entry.BYTES];
  private int size;

  int size() {
    return size;
  }

  boolean isFull() {
    return size == CAPACITY;
  }

  void clear() {
    size = 0;
  }

  void add(byte[] entries, int at) {
    if ((size + 1) * Entry.BYTES > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.min(2 * bytes.length, CAPACITY * Entry.BYTES));
    }
    System.arraycopy(entries, at, bytes, size++ * Entry.BYTES, Entry.BYTES);
  }

  /** A copy of the entry of this index. */
  byte[] entry(int index) {
    return Arrays.copyOfRange(bytes, index * Entry.BYTES, (index + 1) * Entry.BYTES);
  }
}
