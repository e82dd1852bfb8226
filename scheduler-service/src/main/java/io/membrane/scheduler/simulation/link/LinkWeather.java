package io.membrane.scheduler.simulation.link;

import java.util.List;
import java.util.random.RandomGenerator;

/**
 * One link's rate and loss as they change in time. Asked for its next change, and told to enter it.
 * Not thread-safe.
 */
public final class LinkWeather {

  private static final double NEVER = Double.POSITIVE_INFINITY;

  private final Fluctuation fluctuation;
  private final Loss loss;
  private final List<Outage> outages;
  private final RandomGenerator random;
  private final double logDeviation;

  private double level;
  private double logRate;
  private boolean bad;
  private double nextLevel;
  private double nextState;

  /** The weather of a cluster's link from 0 s on; the generator is its own. */
  public LinkWeather(LinkBehaviour behaviour, String cluster, RandomGenerator random) {
    this.fluctuation = behaviour.fluctuation();
    this.loss = behaviour.loss();
    this.outages = behaviour.outages(cluster);
    this.random = random;
    double cv = fluctuation.coefficientOfVariation();
    this.logDeviation = Math.sqrt(Math.log1p(cv * cv));
    this.logRate = cv > 0 ? random.nextGaussian() : 0;
    this.nextLevel = cv > 0 ? fluctuation.periodSeconds() : NEVER;
    this.level = level();
    this.nextState =
        loss instanceof Loss.GilbertElliott g
            ? random.nextExponential() * g.meanGoodSeconds()
            : NEVER;
  }

  /** When the rate or the loss changes next, after a moment; infinite if never. */
  public double nextChange(double now) {
    double next = Math.min(nextLevel, nextState);
    for (Outage o : outages) {
      if (o.fromSeconds() > now) {
        next = Math.min(next, o.fromSeconds());
      }
      if (o.toSeconds() > now) {
        next = Math.min(next, o.toSeconds());
      }
    }
    return next;
  }

  /** Enters what changes at this moment. */
  public void enter(double now) {
    if (now >= nextLevel) {
      double r = fluctuation.correlation();
      logRate = r * logRate + Math.sqrt(1 - r * r) * random.nextGaussian();
      level = level();
      nextLevel += fluctuation.periodSeconds();
    }
    if (now >= nextState && loss instanceof Loss.GilbertElliott g) {
      bad = !bad;
      nextState += random.nextExponential() * (bad ? g.meanBadSeconds() : g.meanGoodSeconds());
    }
  }

  private double level() {
    return Math.exp(logDeviation * logRate - logDeviation * logDeviation / 2);
  }

  /** Rate over the mean rate; 0 in an outage. */
  public double rateFactor(double now) {
    for (Outage o : outages) {
      if (o.fromSeconds() <= now && now < o.toSeconds()) {
        return 0;
      }
    }
    return level;
  }

  /** Share of what is sent that is lost now. */
  public double lossRate() {
    return switch (loss) {
      case Loss.Constant c -> c.rate();
      case Loss.GilbertElliott g -> bad ? g.badRate() : g.goodRate();
    };
  }
}
