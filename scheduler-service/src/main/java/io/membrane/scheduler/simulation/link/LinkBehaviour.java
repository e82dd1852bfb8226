package io.membrane.scheduler.simulation.link;

import java.util.Comparator;
import java.util.List;

/**
 * How the links of a fleet behave, each independently of the others.
 *
 * @param outages at most {@value #MAX_OUTAGES}
 */
public record LinkBehaviour(Fluctuation fluctuation, Loss loss, List<Outage> outages) {

  /** What the throughput model assumes: the rate that was ordered, always. */
  public static final LinkBehaviour IDEAL =
      new LinkBehaviour(Fluctuation.NONE, Loss.NONE, List.of());

  static final int MAX_OUTAGES = 1000;

  /** Puts the outages in order. */
  public LinkBehaviour {
    if (outages.size() > MAX_OUTAGES) {
      throw new IllegalArgumentException(
          "there are at most %d outages, not %d".formatted(MAX_OUTAGES, outages.size()));
    }
    outages = outages.stream().sorted(Comparator.comparingDouble(Outage::fromSeconds)).toList();
  }

  /** The outages of one cluster's link. */
  List<Outage> outages(String cluster) {
    return outages.stream()
        .filter(o -> o.cluster() == null || o.cluster().equals(cluster))
        .toList();
  }
}
