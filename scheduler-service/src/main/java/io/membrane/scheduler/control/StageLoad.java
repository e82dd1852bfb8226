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
    Limits.share("a utilisation", utilisation);
    Limits.atLeast("a queue", queueDepth, 0);
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
