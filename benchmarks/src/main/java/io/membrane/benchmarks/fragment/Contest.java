package io.membrane.benchmarks.fragment;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Sides measured in turns: in every round each has one, in an order that is reversed from round to
 * round. So a ratio compares the same seconds of a noisy machine.
 *
 * @param sides the first is the bar
 * @param warmUp time of each side before the first round
 * @param maxBytes payload of a turn, at most
 */
record Contest(
    List<Side> sides, int connections, Duration warmUp, Duration turn, int rounds, long maxBytes) {

  /**
   * What a side did, round by round.
   *
   * @param ratios to the bar's figure of the same round, the smallest first
   */
  record Result(Side side, List<Sample> rounds, List<Double> ratios) {

    Sample total() {
      return Sample.sum(rounds);
    }
  }

  /** Nothing but the warm-up. */
  void onlyWarmUp() throws IOException {
    for (Side side : sides) {
      try (Load load = new Load(side, connections)) {
        load.closed(warmUp, Long.MAX_VALUE);
      }
    }
  }

  /** Every connection calls as fast as it is answered. */
  List<Result> fullLoad() throws IOException {
    List<Load> loads = open();
    try {
      for (Load load : loads) {
        load.closed(warmUp, maxBytes);
      }
      return play(loads, load -> load.closed(turn, maxBytes), Sample::callsPerSecond);
    } finally {
      close(loads);
    }
  }

  /**
   * Every side at half of the bar's full load, as just measured. The ratios are those of the 99th
   * percentile.
   *
   * @param warmUp time at that load of each side before the first round: calls that come one by one
   *     take other ways through a server than calls that wait for it
   */
  List<Result> halfLoad(Duration warmUp) throws IOException {
    double callsPerSecond = fullLoad().getFirst().total().callsPerSecond() / 2;
    for (Side side : sides) {
      try (Load load = new Load(side, connections)) {
        load.open(warmUp, callsPerSecond);
      }
    }
    List<Load> loads = open();
    try {
      return play(loads, load -> load.open(turn, callsPerSecond), sample -> sample.millis(99));
    } finally {
      close(loads);
    }
  }

  private interface Turn {
    Sample of(Load load) throws IOException;
  }

  private interface Figure {
    double of(Sample sample);
  }

  private List<Result> play(List<Load> loads, Turn play, Figure compared) throws IOException {
    List<List<Sample>> samples = new ArrayList<>();
    loads.forEach(load -> samples.add(new ArrayList<>()));
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < loads.size(); i++) {
        int turnOf = round % 2 == 0 ? i : loads.size() - 1 - i;
        samples.get(turnOf).add(play.of(loads.get(turnOf)));
      }
    }
    List<Result> results = new ArrayList<>();
    for (int i = 0; i < loads.size(); i++) {
      List<Double> ratios = new ArrayList<>();
      for (int round = 0; round < rounds; round++) {
        ratios.add(
            compared.of(samples.get(i).get(round)) / compared.of(samples.getFirst().get(round)));
      }
      Collections.sort(ratios);
      results.add(new Result(loads.get(i).side(), samples.get(i), ratios));
    }
    return results;
  }

  private List<Load> open() throws IOException {
    List<Load> loads = new ArrayList<>();
    for (Side side : sides) {
      loads.add(new Load(side, connections));
    }
    return loads;
  }

  private static void close(List<Load> loads) throws IOException {
    for (Load load : loads) {
      load.close();
    }
  }
}
