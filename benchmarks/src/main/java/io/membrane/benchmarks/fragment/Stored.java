package io.membrane.benchmarks.fragment;

import java.util.Random;

/**
 * Values that are there.
 *
 * @param first number of the first
 */
record Stored(long first, int count) {

  /** Any number with {@code length - 1} others behind it. */
  long any(Random random, int length) {
    return first + random.nextInt(count - length + 1);
  }
}
