package io.membrane.scheduler.control;

import java.time.Instant;

/**
 * What was measured of a prefill cluster's link; NaN is what was not.
 *
 * @param at when, by the clock of the one who judges
 * @param egressGbps what the link carries
 * @param linkGbps what it could carry, > 0
 * @param queueDepth transfers that wait for it
 * @param loss share of packets lost, 0 to 1
 * @param retransmissions share of packets sent again, 0 to 1
 */
public record LinkSample(
    Instant at,
    double egressGbps,
    double linkGbps,
    double queueDepth,
    double loss,
    double retransmissions) {

  /** Refuses negative numbers, shares above 1, and a link that carries nothing. */
  public LinkSample {
    Limits.unknownOrAtLeast("egress", egressGbps, 0);
    Limits.unknownOrAtLeast("a link's rate", linkGbps, Double.MIN_VALUE);
    Limits.unknownOrAtLeast("a queue", queueDepth, 0);
    Limits.unknownOrShare("loss", loss);
    Limits.unknownOrShare("retransmissions", retransmissions);
  }

  /** Egress over what the link could carry; NaN if unknown. */
  public double utilisation() {
    return egressGbps / linkGbps;
  }

  /** 1 − utilisation, at least 0; NaN if unknown. */
  public double headroom() {
    return Math.max(0, 1 - utilisation());
  }
}
