package io.membrane.scheduler.routing;

/**
 * A node of a candidate.
 *
 * @param cachedTokens longest prefix of the prompt that this node holds
 * @param queuedTokens tokens that wait to be prefilled there
 */
public record NodeCandidate(String node, int cachedTokens, int queuedTokens) {

  /** Refuses negative counts. */
  public NodeCandidate {
    Bounds.notNegative("what a node has cached", cachedTokens);
    Bounds.notNegative("what waits at a node", queuedTokens);
  }
}
