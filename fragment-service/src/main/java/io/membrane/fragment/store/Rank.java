package io.membrane.fragment.store;

import io.membrane.wire.FragmentClient.FragmentMeta;
import org.jspecify.annotations.Nullable;

/** In which order names go when there is no room. */
final class Rank {

  /** Ranks of one class; {@code shared.lua} knows the same. */
  private static final double CLASS_SPAN = 1e9;

  /** A block that costs as much to prefill as most: 1 token for 2 KiB. */
  private static final double TYPICAL_TOKENS_PER_BYTE = 1.0 / 2048;

  private static final double MOST_WEIGHT = 64;

  private Rank() {}

  /** Class and weight in one number, as {@code put.lua} takes them. */
  static double of(int priorityClass, double weight) {
    return priorityClass * CLASS_SPAN + weight;
  }

  /** What it takes to have a byte again, against a typical block; 1 where that is not known. */
  static double weight(@Nullable FragmentMeta meta, long bytes) {
    if (meta == null) {
      return 1;
    }
    double weight = meta.tokenSpan().length() / (TYPICAL_TOKENS_PER_BYTE * bytes);
    return Math.clamp(weight, 1 / MOST_WEIGHT, MOST_WEIGHT);
  }
}
