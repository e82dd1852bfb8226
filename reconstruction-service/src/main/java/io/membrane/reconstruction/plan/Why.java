package io.membrane.reconstruction.plan;

import io.membrane.wire.SchedulerClient.RouteResponse;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The reasons of steps, in words. */
final class Why {

  static final String STORED = "stored under the same chained block hash";
  static final String GONE = "the directory names it, but its bytes are gone";
  static final String NOT_FETCHED =
      "the directory names it, but it, or a block before it, could not be fetched";
  static final String TAIL = "tail behind the last full block: no block hash, never stored";

  private Why() {}

  /**
   * Nobody has it.
   *
   * @param end why the directory names no more, or null if it does not say
   */
  static String notStored(@Nullable String end) {
    return end == null ? "not stored at any place" : "not stored at any place: " + end;
  }

  static String moved(String from, String to) {
    return STORED + " at cluster " + from + ", moved to " + to + " as the scheduler says";
  }

  static String elsewhere(RouteResponse route) {
    return "stored, but not at cluster %s, and the scheduler does not move it there (bandwidth %s)"
        .formatted(route.target(), route.regime().name().toLowerCase(Locale.ROOT));
  }
}
