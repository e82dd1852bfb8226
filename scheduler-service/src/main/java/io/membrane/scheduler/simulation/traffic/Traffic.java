package io.membrane.scheduler.simulation.traffic;

import java.util.List;

/**
 * Arrivals, their lengths, and how both change.
 *
 * @param shifts in order of time; may be empty
 */
public record Traffic(Arrivals arrivals, Prompts prompts, List<LoadShift> shifts) {

  private static final int MAX_SHIFTS = 1000;

  /** Refuses shifts out of order, and shifts of what a trace fixes. */
  public Traffic {
    shifts = List.copyOf(shifts);
    if (shifts.size() > MAX_SHIFTS) {
      throw new IllegalArgumentException(
          "the load shifts at most %d times, not %d".formatted(MAX_SHIFTS, shifts.size()));
    }
    for (int i = 1; i < shifts.size(); i++) {
      if (!(shifts.get(i).fromSeconds() > shifts.get(i - 1).fromSeconds())) {
        throw new IllegalArgumentException(
            "shifts are in order of time, but shift %d is not after the one before".formatted(i));
      }
    }
    if (arrivals instanceof Arrivals.Replay && !shifts.isEmpty()) {
      throw new IllegalArgumentException(
          "a replayed trace says itself how the load changes; leave the shifts out, or choose"
              + " other arrivals");
    }
    if (prompts instanceof Prompts.OfTrace
        && shifts.stream().anyMatch(s -> s.lengthFactor() != 1)) {
      throw new IllegalArgumentException(
          "a trace says itself how long its prompts are; shift the rate alone (length factor 1)");
    }
    if (arrivals instanceof Arrivals.Replay replay
        && prompts instanceof Prompts.OfTrace lengths
        && replay.trace() != lengths.trace()) {
      throw new IllegalArgumentException("a replay takes arrivals and prompts from one trace");
    }
  }

  /** A load that does not shift. */
  public static Traffic of(Arrivals arrivals, Prompts prompts) {
    return new Traffic(arrivals, prompts, List.of());
  }

  /** How many requests there are at most. */
  public int requests() {
    int byArrivals =
        arrivals instanceof Arrivals.Replay replay ? replay.trace().requests() : Integer.MAX_VALUE;
    return prompts instanceof Prompts.OfTrace lengths
        ? Math.min(byArrivals, lengths.trace().requests())
        : byArrivals;
  }
}
