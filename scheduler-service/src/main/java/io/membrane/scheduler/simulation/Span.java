package io.membrane.scheduler.simulation;

/**
 * How long a run is: until so many requests have arrived or so much time has passed, whichever is
 * first. Then nothing arrives any more, and what is in the fleet has as much time again, and ten
 * minutes at least, to be finished.
 *
 * @param requests most requests, 1 to {@value #MAX_REQUESTS}
 * @param seconds longest time, at most {@value #MAX_SECONDS} (31 days)
 * @param warmUp share of both that is left out of the figures, in [0, 0.9]
 */
public record Span(int requests, double seconds, double warmUp) {

  /** Most requests of one run. */
  public static final int MAX_REQUESTS = 5_000_000;

  /** Longest run, in simulated seconds. */
  public static final double MAX_SECONDS = 31 * 86_400;

  private static final double WARM_UP = 0.1;

  /** Refuses what is out of bounds. */
  public Span {
    if (requests < 1 || requests > MAX_REQUESTS) {
      throw new IllegalArgumentException(
          "a simulation has 1 to %d requests, not %d".formatted(MAX_REQUESTS, requests));
    }
    if (!(seconds > 0) || !(seconds <= MAX_SECONDS)) {
      throw new IllegalArgumentException(
          "a simulation lasts more than 0 and at most %.0f s, not %s"
              .formatted(MAX_SECONDS, seconds));
    }
    if (!(warmUp >= 0) || !(warmUp <= 0.9)) {
      throw new IllegalArgumentException("the warm-up is a share of 0 to 0.9, not " + warmUp);
    }
  }

  /** So many requests, a tenth of them to warm up. */
  public static Span ofRequests(int requests) {
    return new Span(requests, MAX_SECONDS, WARM_UP);
  }

  /** So much time, a tenth of it to warm up. */
  public static Span ofSeconds(double seconds) {
    return new Span(MAX_REQUESTS, seconds, WARM_UP);
  }
}
