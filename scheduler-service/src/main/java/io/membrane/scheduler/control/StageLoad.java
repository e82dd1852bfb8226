package io.membrane.scheduler.control;

/**
 * How busy one stage of the PD cluster was.
 *
 * @param utilisation share of its capacity in use, 0 to 1, mean over the period
 * @param queueDepth requests that wait for it, mean over the period
 */
public record StageLoad(double utilisation, double queueDepth) {

  /** Refuses what cannot be measured. */
  public StageLoad {
    if (!(utilisation >= 0) || !(utilisation <= 1)) {
      throw new IllegalArgumentException("a utilisation is from 0 to 1, not " + utilisation);
    }
    if (!(queueDepth >= 0) || !Double.isFinite(queueDepth)) {
      throw new IllegalArgumentException("a queue is finite and at least 0, not " + queueDepth);
    }
  }

  /** Whether it has more to do than it can. */
  boolean hot(RoleSettings settings, int instances) {
    return utilisation >= settings.highUtilisation()
        || queueDepth >= settings.queuePerInstance() * Math.max(1, instances);
  }

  /** Whether it can spare something. */
  boolean cool(RoleSettings settings, int instances) {
    return utilisation <= settings.lowUtilisation()
        && queueDepth < settings.queuePerInstance() * Math.max(1, instances);
  }
}
