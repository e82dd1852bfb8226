package io.membrane.scheduler.routing;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.SchedulerClient.Role;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * The candidates of a prompt, each list in the order of their names.
 *
 * @param pd that are up
 * @param prefill that are up
 * @param leftOut that are not
 * @param missing what there is none of that is up; empty if there is one of each role
 */
record Offer(
    List<Candidate> pd, List<Candidate> prefill, List<ClusterCondition> leftOut, String missing) {

  private static final Comparator<Candidate> BY_NAME = Comparator.comparing(Candidate::cluster);

  static Offer of(RouteQuery query, FleetState state) {
    Candidate[] sorted = query.candidates().toArray(Candidate[]::new);
    Arrays.sort(sorted, BY_NAME);
    check(query.totalTokens(), sorted);
    List<Candidate> pd = new ArrayList<>(sorted.length);
    List<Candidate> prefill = new ArrayList<>(sorted.length);
    List<ClusterCondition> leftOut = new ArrayList<>(0);
    for (Candidate c : sorted) {
      ClusterCondition condition = state.of(c.cluster());
      if (condition.availability() != Availability.UP) {
        leftOut.add(condition);
      } else {
        (c.role() == Role.PD ? pd : prefill).add(c);
      }
    }
    if (pd.isEmpty() && prefill.isEmpty()) {
      throw new MembraneException(ErrorCode.DEPENDENCY_UNAVAILABLE, nobody(leftOut));
    }
    String missing = "";
    if (prefill.isEmpty()) {
      missing = missing("prefill", Role.PREFILL, sorted);
    } else if (pd.isEmpty()) {
      missing = missing("pd", Role.PD, sorted);
    }
    return new Offer(pd, prefill, leftOut, missing);
  }

  private static void check(int totalTokens, Candidate[] sorted) {
    for (int i = 0; i < sorted.length; i++) {
      Candidate c = sorted[i];
      if (i > 0 && c.cluster().equals(sorted[i - 1].cluster())) {
        throw impossible("cluster '" + c.cluster() + "' is named twice; name each cluster once");
      }
      if (c.cachedTokens() > totalTokens) {
        throw cannotHold("cluster", c.cluster(), c.cachedTokens(), totalTokens);
      }
      for (NodeCandidate n : c.nodes()) {
        if (n.cachedTokens() > totalTokens) {
          throw cannotHold("node", n.node(), n.cachedTokens(), totalTokens);
        }
      }
    }
  }

  private static MembraneException cannotHold(String what, String name, int cached, int total) {
    return impossible(
        "%s '%s' cannot hold %d tokens of a prompt of %d; cached_tokens counts the"
                .formatted(what, name, cached, total)
            + " prompt's own prefix");
  }

  private static MembraneException impossible(String detail) {
    return new MembraneException(ErrorCode.IMPOSSIBLE_REQUEST, detail);
  }

  private static String nobody(List<ClusterCondition> leftOut) {
    StringBuilder text = new StringBuilder("no candidate takes prompts now: ");
    for (ClusterCondition c : leftOut) {
      text.append('\'').append(c.cluster()).append("' is ");
      text.append(c.availability().name().toLowerCase(Locale.ROOT));
      text.append(c.availabilityReason().isEmpty() ? "; " : " (" + c.availabilityReason() + "); ");
    }
    return text.append("try again when one is back").toString();
  }

  private static String missing(String name, Role role, Candidate[] sorted) {
    for (Candidate c : sorted) {
      if (c.role() == role) {
        return "no " + name + " cluster is up";
      }
    }
    return "no " + name + " cluster was offered";
  }
}
