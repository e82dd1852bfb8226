package io.membrane.benchmarks.compression;

import java.nio.ByteBuffer;

/**
 * Bytes in another order: all first bytes of the elements, then all second ones and so on, as
 * Blosc's shuffle does (Masui et al., <i>A compression scheme for radio data in high performance
 * computing</i>, 2015, section 3). Exponents stand together then, and mantissas.
 */
final class Planes {

  private Planes() {}

  /**
   * Writes the planes of {@code from} over {@code to}; neither moves.
   *
   * @param width bytes of an element, which the length is a multiple of
   */
  static void split(ByteBuffer from, ByteBuffer to, int width) {
    int elements = from.capacity() / width;
    for (int plane = 0; plane < width; plane++) {
      int at = plane * elements;
      for (int i = 0; i < elements; i++) {
        to.put(at + i, from.get(i * width + plane));
      }
    }
  }

  /** Undoes {@link #split}. */
  static void join(ByteBuffer from, ByteBuffer to, int width) {
    int elements = from.capacity() / width;
    for (int plane = 0; plane < width; plane++) {
      int at = plane * elements;
      for (int i = 0; i < elements; i++) {
        to.put(i * width + plane, from.get(at + i));
      }
    }
  }
}
