package io.membrane.scheduler.control;

import java.time.Duration;

/**
 * Constants of {@link CongestionControl}, all OURS.
 *
 * @param targetUtilisation utilisation of a link at which it is regulated, in (0, 1]
 * @param queueReference waiting transfers from which on pressure grows in proportion to them, > 0
 * @param lossLimit share of lost packets from which on pressure grows in proportion to it, by a
 *     third at most, in (0, 1]
 * @param retransmitLimit the same for packets sent again, in (0, 1]
 * @param timeConstant τ of the answer; at least e times the time from a decision until telemetry
 *     shows what it did to the link
 * @param minShare least share of the planned offload, in (0, 1): what is left to see by that the
 *     pressure is gone
 * @param silentAfter time without telemetry from which on old pressure counts less and less
 * @param release time constant of that
 * @param goneAfter time without telemetry after which a cluster that once reported is gone
 */
public record CongestionSettings(
    double targetUtilisation,
    double queueReference,
    double lossLimit,
    double retransmitLimit,
    Duration timeConstant,
    double minShare,
    Duration silentAfter,
    Duration release,
    Duration goneAfter) {

  /**
   * 90 % of the link; 16 waiting transfers, twice what a link at 90 % has on average; 1 % lost,
   * above which TCP over a wide-area link collapses (M. Mathis et al., "The Macroscopic Behavior of
   * the TCP Congestion Avoidance Algorithm", CCR 27, 1997); 2 % sent again; τ 10 s, for a prefill
   * of about 2 s and telemetry of 1 s; 2 % of the offload left; silent after 5 s, released with 30
   * s, gone after 30 s.
   */
  public static final CongestionSettings DEFAULT =
      new CongestionSettings(
          0.9,
          16,
          0.01,
          0.02,
          Duration.ofSeconds(10),
          0.02,
          Duration.ofSeconds(5),
          Duration.ofSeconds(30),
          Duration.ofSeconds(30));

  /** Refuses what is out of range, and clusters that are gone before they are silent. */
  public CongestionSettings {
    Limits.positive("the target utilisation", targetUtilisation, 1);
    Limits.positive("the queue reference", queueReference, 1e9);
    Limits.positive("the loss limit", lossLimit, 1);
    Limits.positive("the retransmission limit", retransmitLimit, 1);
    Limits.positive("the time constant", timeConstant);
    Limits.positive("the least share", minShare, 1);
    Limits.positive("the time until silence", silentAfter);
    Limits.positive("the time constant of release", release);
    if (goneAfter.compareTo(silentAfter) < 0) {
      throw new IllegalArgumentException(
          "a cluster is silent, after %s, before it is gone, after %s"
              .formatted(silentAfter, goneAfter));
    }
  }
}
