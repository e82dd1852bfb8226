package io.membrane.scheduler.routing;

/** What numbers of this package have to be. */
final class Bounds {

  private Bounds() {}

  /** Refuses what is negative, infinite or no number. */
  static void notNegative(String what, double value) {
    if (!(value >= 0) || !Double.isFinite(value)) {
      throw new IllegalArgumentException(what + " is finite and at least 0, not " + value);
    }
  }

  /** Refuses a negative count. */
  static void notNegative(String what, int value) {
    if (value < 0) {
      throw new IllegalArgumentException(what + " is at least 0, not " + value);
    }
  }
}
