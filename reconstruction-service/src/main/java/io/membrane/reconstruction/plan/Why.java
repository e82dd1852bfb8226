package io.membrane.reconstruction.plan;

import io.membrane.wire.ReconstructionClient.Alternative;
import io.membrane.wire.SchedulerClient.RouteResponse;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The reasons of steps and plans, in words. */
final class Why {

  static final String STORED = "stored under the same chained block hash";
  static final String GONE = "the directory names it, but its bytes are gone";
  static final String NOT_FETCHED =
      "the directory names it, but it, or a block before it, could not be fetched";
  static final String OUTRUN =
      "the directory names it, but it was computed before its bytes had arrived";
  static final String TAIL = "tail behind the last full block: no block hash, never stored";
  static final String NOTHING_TO_CHOOSE = "nothing is computed, so there was nothing to choose";

  private Why() {}

  /**
   * Nobody has it.
   *
   * @param end why the directory names no more, or null if it does not say
   */
  static String notStored(@Nullable String end) {
    return end == null ? "not stored at any place" : "not stored at any place: " + end;
  }

  static String notKept(String why) {
    return "it could not be stored: " + why;
  }

  static String moved(String from, String to) {
    return STORED + " at cluster " + from + ", moved to " + to + " as the scheduler says";
  }

  static String elsewhere(RouteResponse route) {
    return "stored, but not at cluster %s, and the scheduler does not move it there (bandwidth %s)"
        .formatted(route.target(), route.regime().name().toLowerCase(Locale.ROOT));
  }

  /** It could be had, but not soon enough. */
  static String slower(Boundary boundary) {
    int k = boundary.blocks();
    int all = boundary.fetchMs().length - 1;
    double fetch = boundary.fetchMs()[all] - boundary.fetchMs()[k];
    double saved = boundary.totalMs()[k] - boundary.totalMs()[all] + fetch;
    return String.format(
        Locale.ROOT,
        "stored, but fetching takes longer (%.1f ms) than recomputing (%.1f ms)",
        fetch,
        saved);
  }

  static String withoutProfile(String target) {
    return "the worker of cluster %s has no profile yet, so all that is stored is fetched"
        .formatted(target);
  }

  /** No boundary takes less. */
  static String least(int fetchedTokens, double costMs, List<Alternative> others) {
    return words(fetchedTokens, costMs)
        + (others.isEmpty() ? "; there is nothing else to choose" : ", the least")
        + words(others);
  }

  /** One takes less, but not by enough. */
  static String noGain(int fetchedTokens, double costMs, List<Alternative> others) {
    return words(fetchedTokens, costMs) + "; no other plan gains enough" + words(others);
  }

  private static String words(List<Alternative> others) {
    return others.stream()
        .map(other -> "; " + words(other.fetchedTokens(), other.costMs()))
        .collect(Collectors.joining());
  }

  private static String words(int fetchedTokens, double costMs) {
    return fetchedTokens == 0
        ? String.format(Locale.ROOT, "computing all of it: %.1f ms", costMs)
        : String.format(
            Locale.ROOT,
            "fetching %d tokens and computing the rest: %.1f ms",
            fetchedTokens,
            costMs);
  }
}
