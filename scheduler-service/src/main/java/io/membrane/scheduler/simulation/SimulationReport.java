package io.membrane.scheduler.simulation;

import java.util.List;

/**
 * What a run showed. Figures are over the window: from the end of the warm-up to the last arrival.
 *
 * @param requests what became of all of them, the warm-up's too
 * @param simulatedSeconds from the start until the fleet was empty, or time was up
 * @param windowSeconds length of the window
 * @param goodputRps requests that were completed in the window, per second
 * @param withinTtftLimit share of the window's arrivals that had their first token in time; one
 *     that never had it was not in time
 * @param ttft from arrival to first token: queue, prefill, transfers; of the window's arrivals
 * @param decodeWait from first token to a place in a batch; of the window's arrivals that were
 *     completed
 * @param offloaded share of the window's arrivals that a prefill cluster took
 * @param prefixBlocks blocks of the window's prompts, and how many the target did not compute
 * @param stages in the order of a request's way
 * @param links one for each prefill cluster
 * @param threshold t as searched, and the range of the effective one
 * @param roles of the PD cluster's instances
 * @param series the run in time
 * @param notes what else has to be known to read this, for people
 */
public record SimulationReport(
    Requests requests,
    double simulatedSeconds,
    double windowSeconds,
    double goodputRps,
    double withinTtftLimit,
    Times ttft,
    Times decodeWait,
    double offloaded,
    PrefixBlocks prefixBlocks,
    List<Stage> stages,
    List<Link> links,
    Threshold threshold,
    Roles roles,
    Series series,
    List<String> notes) {

  /** Copies the lists. */
  public SimulationReport {
    stages = List.copyOf(stages);
    links = List.copyOf(links);
    notes = List.copyOf(notes);
  }

  /**
   * {@code arrived = completed + rejected + inSystem}: nothing is lost and nothing appears.
   *
   * @param rejected that no cluster could take when they arrived, or would have made wait too long
   * @param inSystem not finished when time was up
   */
  public record Requests(long arrived, long completed, long rejected, long inSystem) {}

  /** Times of {@code count} requests; all 0 if there were none. */
  public record Times(
      long count,
      double meanSeconds,
      double p50Seconds,
      double p90Seconds,
      double p99Seconds,
      double maxSeconds) {}

  /**
   * Blocks that prompts named, in a trace; 0 of 0 otherwise.
   *
   * @param hit computed before and found where the prompt was prefilled
   */
  public record PrefixBlocks(long named, long hit) {

    /** Share that was hit, 0 if none was named. */
    public double hitRatio() {
      return named == 0 ? 0 : hit / (double) named;
    }
  }

  /** What a stage does. */
  public enum StageKind {
    /** Prefill in a prefill cluster. */
    PREFILL_CLUSTER,
    /** KV over a prefill cluster's link. */
    LINK,
    /** Prefill in the PD cluster. */
    LOCAL_PREFILL,
    /** Decode in the PD cluster. */
    DECODE
  }

  /**
   * One stage.
   *
   * @param cluster where it is
   * @param utilisation busy instances, places or Gbps over those that were there, in [0, 1]
   * @param queueMean requests that wait, or for a link those that are on it
   */
  public record Stage(
      StageKind kind, String cluster, double utilisation, double queueMean, double queueMax) {}

  /**
   * Egress of a prefill cluster.
   *
   * @param gbps rate that was ordered
   * @param egressGbps mean, what was sent again too
   * @param maxEgressGbps over the busiest second
   * @param retransmitted share of the egress that was lost and sent again
   */
  public record Link(
      String cluster, double gbps, double egressGbps, double maxEgressGbps, double retransmitted) {}

  /**
   * Thresholds in tokens.
   *
   * @param planned t at the start
   * @param searched t at the end, after the long-term control
   * @param minEffective lowest that a decision saw
   * @param maxEffective highest that a decision saw
   */
  public record Threshold(int planned, int searched, int minEffective, int maxEffective) {}

  /**
   * Instances of the PD cluster.
   *
   * @param nP that prefill at the end
   * @param nD that decode at the end
   * @param changes instances that were converted
   */
  public record Roles(int nP, int nD, int changes) {}
}
