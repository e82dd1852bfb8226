package io.membrane.reconstruction.plan;

/**
 * The way that bytes take.
 *
 * @param from cluster that has them
 * @param tier where they lie there
 * @param to cluster whose worker reads them
 */
public record Link(String from, String tier, String to) {

  /** Whether bytes cross from one cluster to another. */
  public boolean isCrossing() {
    return !from.equals(to);
  }
}
