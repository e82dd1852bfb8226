package io.membrane.fragment.eviction;

import org.jspecify.annotations.Nullable;

/**
 * A fragment that asks to be held.
 *
 * @param bytes what it takes of the capacity, ≥ 1
 * @param cost what it takes to have it again when it is gone, in any one unit (say, seconds of
 *     prefill), ≥ 0 and finite
 * @param priorityClass in [0, {@value EvictionPolicy#PRIORITY_CLASSES}); a lower class goes first
 * @param parent the fragment without which this one is of no use, or null at the head of a prompt
 *     or where it is not known; need not be held
 */
public record Candidate<K>(K key, long bytes, double cost, int priorityClass, @Nullable K parent) {

  private static final long TWO_MANTISSA_BITS = -1L << 50;

  public Candidate {
    if (bytes < 1) {
      throw new IllegalArgumentException("a fragment has at least 1 byte, not " + bytes);
    }
    if (!(cost >= 0) || !Double.isFinite(cost)) {
      throw new IllegalArgumentException("a cost is finite and at least 0, not " + cost);
    }
    if (priorityClass < 0 || priorityClass >= EvictionPolicy.PRIORITY_CLASSES) {
      throw new IllegalArgumentException(
          "a priority class is in [0, %d), not %d"
              .formatted(EvictionPolicy.PRIORITY_CLASSES, priorityClass));
    }
  }

  /**
   * Cost per byte, rounded down to steps of 14 to 25 %: what differs by less, by noise or by a
   * compressor's luck, is equal, and recency decides.
   */
  double density() {
    return Double.longBitsToDouble(Double.doubleToLongBits(cost / bytes) & TWO_MANTISSA_BITS);
  }
}
