package io.membrane.fragment.inventory;

/**
 * All positions that begin with the same bits.
 *
 * @param depth how many bits, in [0, {@value #MAX_DEPTH}]
 * @param prefix these bits, left-aligned; the rest is 0
 */
record Range(int depth, long prefix) {

  static final int MAX_DEPTH = 64;
  static final Range ALL = new Range(0, 0);

  Range {
    if (depth < 0 || depth > MAX_DEPTH) {
      throw new IllegalArgumentException("a range has 0 to 64 bits, not " + depth);
    }
    if ((prefix & rest(depth)) != 0) {
      throw new IllegalArgumentException("a range of " + depth + " bits has 0 after them");
    }
  }

  /** The least position, unsigned. */
  long low() {
    return prefix;
  }

  /** The greatest position, unsigned. */
  long high() {
    return prefix | rest(depth);
  }

  boolean contains(long position) {
    return (position & ~rest(depth)) == prefix;
  }

  /** The range of this index among the 2^{@code bits} equal parts of this one. */
  Range part(int bits, int index) {
    return bits == 0
        ? this
        : new Range(depth + bits, prefix | (long) index << (MAX_DEPTH - depth - bits));
  }

  /** Whether the bit after {@code depth} bits is set. */
  static boolean isRight(long position, int depth) {
    return (position << depth) < 0;
  }

  /** The bits after {@code depth} bits. */
  static long rest(int depth) {
    return depth == MAX_DEPTH ? 0 : -1L >>> depth;
  }
}
