package io.membrane.scheduler.control;

import java.time.Duration;

/** What numbers and times of this package have to be. */
final class Limits {

  private Limits() {}

  /** Refuses all but NaN and finite numbers that are large enough. */
  static void unknownOrAtLeast(String what, double value, double least) {
    if (value < least || Double.isInfinite(value)) {
      throw new IllegalArgumentException(
          "%s is finite and at least %s, or unknown; not %s".formatted(what, least, value));
    }
  }

  /** Refuses all but finite numbers that are large enough. */
  static void atLeast(String what, double value, double least) {
    if (!(value >= least) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(
          "%s is finite and at least %s, not %s".formatted(what, least, value));
    }
  }

  /** Refuses all but NaN and 0 to 1. */
  static void unknownOrShare(String what, double value) {
    if (!Double.isNaN(value)) {
      share(what, value);
    }
  }

  /** Refuses all but 0 to 1. */
  static void share(String what, double value) {
    if (!(value >= 0) || !(value <= 1)) {
      throw new IllegalArgumentException(
          "%s is a share from 0 to 1, not %s".formatted(what, value));
    }
  }

  /** Refuses all but finite numbers above 0 and up to a limit. */
  static void positive(String what, double value, double most) {
    if (!(value > 0) || !(value <= most)) {
      throw new IllegalArgumentException(
          "%s is above 0 and at most %s, not %s".formatted(what, most, value));
    }
  }

  /** Refuses times that are not ahead. */
  static void positive(String what, Duration value) {
    if (!value.isPositive()) {
      throw new IllegalArgumentException(what + " is longer than 0, not " + value);
    }
  }

  static double seconds(Duration duration) {
    return duration.toNanos() / 1e9;
  }
}
