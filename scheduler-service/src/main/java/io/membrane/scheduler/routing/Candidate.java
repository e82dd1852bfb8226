package io.membrane.scheduler.routing;

import io.membrane.wire.SchedulerClient.Role;
import java.util.List;

/**
 * A cluster that may prefill a prompt.
 *
 * @param cachedTokens longest prefix of the prompt that this cluster holds
 * @param nodes to choose one of; may be empty
 */
public record Candidate(String cluster, Role role, int cachedTokens, List<NodeCandidate> nodes) {

  /** Refuses a negative count. */
  public Candidate {
    Bounds.notNegative("what a cluster has cached", cachedTokens);
    nodes = List.copyOf(nodes);
  }
}
