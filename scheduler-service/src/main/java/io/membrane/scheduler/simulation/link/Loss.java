package io.membrane.scheduler.simulation.link;

/** Which share of what a link carries is lost, and so sent again. */
public sealed interface Loss {

  /** Nothing is lost. */
  Loss NONE = new Constant(0);

  /**
   * The same share all the time.
   *
   * @param rate share of what is sent, at most 0.95
   */
  record Constant(double rate) implements Loss {

    /** Refuses a share of 1 or more. */
    public Constant {
      requireRate(rate);
    }
  }

  /**
   * A good and a bad state in turn, each for an exponentially distributed time: E. N. Gilbert,
   * "Capacity of a burst-noise channel", Bell System Technical Journal 39 (1960), and E. O. Elliott
   * (1963), in continuous time.
   *
   * @param goodRate share lost in the good state
   * @param badRate share lost in the bad state
   */
  record GilbertElliott(
      double goodRate, double badRate, double meanGoodSeconds, double meanBadSeconds)
      implements Loss {

    /** Refuses shares of 1 or more, and states without duration. */
    public GilbertElliott {
      requireRate(goodRate);
      requireRate(badRate);
      requireSeconds(meanGoodSeconds);
      requireSeconds(meanBadSeconds);
    }
  }

  private static void requireRate(double rate) {
    if (!(rate >= 0) || !(rate <= 0.95)) {
      throw new IllegalArgumentException("a link loses a share of 0 to 0.95, not " + rate);
    }
  }

  private static void requireSeconds(double seconds) {
    if (!(seconds >= 0.01) || !(seconds <= 1e7)) {
      throw new IllegalArgumentException(
          "a state of loss lasts 0.01 to 10000000 s in the mean, not " + seconds);
    }
  }
}
