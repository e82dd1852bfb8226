package io.membrane.scheduler.control;

/**
 * How busy the PD cluster's prefill was since the last sample of a link: it has to take what the
 * link gives up.
 *
 * @param utilisation share of its instances that were busy, 0 to 1; NaN if unknown
 * @param queueDepth prompts that wait for one of them, mean, ≥ 0; NaN if unknown
 * @param instances that prefill; 0 if all decode, and none can take anything
 */
public record LocalLoad(double utilisation, double queueDepth, int instances) {

  /** Waiting prompts per instance that are a pressure of 1. OURS. */
  private static final double QUEUE_PER_INSTANCE = 2;

  /** Nothing is known. */
  public static final LocalLoad UNKNOWN = new LocalLoad(Double.NaN, Double.NaN, 1);

  /** Refuses what cannot be measured. */
  public LocalLoad {
    Limits.unknownOrShare("a utilisation", utilisation);
    Limits.unknownOrAtLeast("a queue", queueDepth, 0);
    if (instances < 0) {
      throw new IllegalArgumentException("instances are at least 0, not " + instances);
    }
  }

  /**
   * π_local = max(utilisation / target, queue / ({@value #QUEUE_PER_INSTANCE} · instances)), of
   * what is known: 1 at its limit, infinite without instances, NaN if nothing is known.
   */
  double pressure(double targetUtilisation) {
    if (instances == 0) {
      return Double.POSITIVE_INFINITY;
    }
    double busy = utilisation / targetUtilisation;
    double queue = queueDepth / (QUEUE_PER_INSTANCE * instances);
    return Double.isNaN(busy) || queue > busy ? queue : busy;
  }
}
