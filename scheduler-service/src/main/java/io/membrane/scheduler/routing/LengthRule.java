package io.membrane.scheduler.routing;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.SchedulerClient.ClusterState;
import io.membrane.wire.SchedulerClient.Regime;
import io.membrane.wire.SchedulerClient.Role;
import io.membrane.wire.SchedulerClient.Transfer;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Length-based routing, arXiv:2604.15039v2 section 3.4.3. Short prompts stay in the cluster that
 * decodes (role pd); long ones go to the prefill cluster, whose compute is cheaper and whose link
 * is thin. What is short is told by the threshold t and by the tokens that no cache spares:
 *
 * <ul>
 *   <li>scarce bandwidth, no cache crosses: l_total − l_pd ≤ t stays local; otherwise the prefill
 *       cluster computes what its own cache l_prfaas lacks;
 *   <li>abundant bandwidth: l_prefix = max(l_prfaas, l_pd), l_total − l_prefix ≤ t stays local;
 *       otherwise the prefill cluster. If the longer cache is strictly longer and lies in the other
 *       cluster, it is moved to the target.
 * </ul>
 *
 * The paper knows one cluster of each role. Ours: of several, the one with the longest cache stands
 * for its role, ties by name; where a role is absent, the other takes every prompt.
 *
 * <p>Immutable and thread-safe.
 *
 * @param thresholdTokens t, ≥ 0
 * @param regime whether a cached prefix may cross clusters
 */
public record LengthRule(int thresholdTokens, Regime regime) {

  private static final Comparator<ClusterState> LONGEST_CACHE_FIRST =
      Comparator.comparing(ClusterState::cachedTokens)
          .reversed()
          .thenComparing(ClusterState::cluster);

  /** Refuses a negative threshold. */
  public LengthRule {
    if (thresholdTokens < 0) {
      throw new IllegalArgumentException(
          "a threshold is at least 0 tokens, not " + thresholdTokens);
    }
  }

  /**
   * Decides where a prompt is prefilled.
   *
   * @param totalTokens length of the prompt, ≥ 1
   * @param clusters the candidates, at least one
   * @throws MembraneException {@link ErrorCode#IMPOSSIBLE_REQUEST} if a cluster is named twice or
   *     holds more tokens than the prompt has
   */
  public Decision decide(int totalTokens, List<ClusterState> clusters) {
    check(totalTokens, clusters);
    Optional<ClusterState> pd = longestCache(Role.PD, clusters);
    Optional<ClusterState> prefill = longestCache(Role.PREFILL, clusters);
    if (prefill.isEmpty()) {
      return alone(totalTokens, pd.orElseThrow(), "no prefill cluster was offered");
    }
    if (pd.isEmpty()) {
      return alone(totalTokens, prefill.orElseThrow(), "no pd cluster was offered");
    }
    return switch (regime) {
      case SCARCE -> scarce(totalTokens, pd.orElseThrow(), prefill.orElseThrow());
      case ABUNDANT -> abundant(totalTokens, pd.orElseThrow(), prefill.orElseThrow());
    };
  }

  private static void check(int totalTokens, List<ClusterState> clusters) {
    Set<String> names = new HashSet<>();
    for (ClusterState c : clusters) {
      if (!names.add(c.cluster())) {
        throw impossible("cluster '" + c.cluster() + "' is named twice; name each cluster once");
      }
      if (c.cachedTokens() > totalTokens) {
        throw impossible(
            "cluster '%s' cannot hold %d tokens of a prompt of %d; cached_tokens counts the"
                    .formatted(c.cluster(), c.cachedTokens(), totalTokens)
                + " prompt's own prefix");
      }
    }
  }

  private static MembraneException impossible(String detail) {
    return new MembraneException(ErrorCode.IMPOSSIBLE_REQUEST, detail);
  }

  private static Optional<ClusterState> longestCache(Role role, List<ClusterState> clusters) {
    return clusters.stream().filter(c -> c.role() == role).min(LONGEST_CACHE_FIRST);
  }

  private static Decision alone(int totalTokens, ClusterState only, String why) {
    return decision(totalTokens, only, only.cachedTokens(), null, why);
  }

  private Decision scarce(int totalTokens, ClusterState pd, ClusterState prefill) {
    int uncached = totalTokens - pd.cachedTokens();
    ClusterState target = uncached <= thresholdTokens ? pd : prefill;
    String why =
        "scarce bandwidth: %d tokens less %d cached at '%s' leave %d"
            .formatted(totalTokens, pd.cachedTokens(), pd.cluster(), uncached);
    return decision(totalTokens, target, target.cachedTokens(), null, why + compared(uncached));
  }

  private Decision abundant(int totalTokens, ClusterState pd, ClusterState prefill) {
    ClusterState longer = prefill.cachedTokens() > pd.cachedTokens() ? prefill : pd;
    int prefix = longer.cachedTokens();
    int uncached = totalTokens - prefix;
    ClusterState target = uncached <= thresholdTokens ? pd : prefill;
    Transfer transfer =
        prefix > target.cachedTokens()
            ? new Transfer(longer.cluster(), target.cluster(), prefix)
            : null;
    String why =
        "abundant bandwidth: %d tokens less the longest cache, %d at '%s', leave %d"
            .formatted(totalTokens, prefix, longer.cluster(), uncached);
    return decision(totalTokens, target, prefix, transfer, why + compared(uncached));
  }

  private String compared(int uncached) {
    return uncached <= thresholdTokens
        ? ", within the threshold of " + thresholdTokens
        : ", above the threshold of " + thresholdTokens;
  }

  private static Decision decision(
      int totalTokens, ClusterState target, int cached, @Nullable Transfer transfer, String why) {
    int incremental = totalTokens - cached;
    String moved =
        transfer == null
            ? ""
            : ", after moving %d cached tokens from '%s'"
                .formatted(transfer.tokens(), transfer.from());
    return new Decision(
        target.cluster(),
        target.role(),
        incremental,
        transfer,
        "%s; '%s' computes %d%s".formatted(why, target.cluster(), incremental, moved));
  }
}
