package io.membrane.helm;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyEgressRule;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyIngressRule;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Pods reach each other as docs/ARCHITECTURE.md has it, and not otherwise. */
final class NetworkRules {

  /** Column "calls" of the modules; the directory also lists the store of fragment nodes anew. */
  private static final Map<String, Set<String>> CALLS =
      Map.of(
          "gateway",
          Set.of(
              "directory-service",
              "fragment-service",
              "reconstruction-service",
              "scheduler-service",
              "compute-worker"),
          "directory-service",
          Set.of("fragment-service"),
          "fragment-service",
          Set.of("directory-service", "fragment-service"),
          "reconstruction-service",
          Set.of("directory-service", "fragment-service", "scheduler-service", "compute-worker"),
          "scheduler-service",
          Set.of(),
          "compute-worker",
          Set.of("directory-service", "fragment-service"));

  private NetworkRules() {}

  /** Holds the policies to the graph, if there are any. */
  static void check(Manifests manifests, boolean schedulerAsksWorkers) {
    if (manifests.of(NetworkPolicy.class).isEmpty()) {
      return;
    }
    for (Workload from : manifests.workloads()) {
      Set<String> may = new TreeSet<>();
      for (Workload to : manifests.workloads()) {
        if (mayCall(manifests, from, to)) {
          may.add(to.component());
        }
      }
      assertThat(may)
          .as(from.component())
          .isEqualTo(expected(manifests, from.component(), schedulerAsksWorkers));
    }
  }

  private static Set<String> expected(Manifests manifests, String from, boolean asksWorkers) {
    Set<String> expected = new TreeSet<>(CALLS.getOrDefault(from, Set.of()));
    boolean hasRedis = manifests.workloads().stream().anyMatch(one -> !one.isService());
    if (hasRedis && CALLS.containsKey(from) && !from.equals("compute-worker")) {
      expected.add("redis");
    }
    if (asksWorkers && from.equals("scheduler-service")) {
      expected.add("compute-worker");
    }
    return expected;
  }

  private static boolean mayCall(Manifests manifests, Workload from, Workload to) {
    String port = to.isService() ? "http" : "redis";
    boolean leaves =
        policy(manifests, from).getSpec().getEgress().stream()
            .anyMatch(rule -> letsOut(rule, to, to.port(port)));
    boolean enters =
        policy(manifests, to).getSpec().getIngress().stream()
            .anyMatch(rule -> letsIn(rule, from, port));
    return leaves && enters;
  }

  private static NetworkPolicy policy(Manifests manifests, Workload of) {
    Optional<NetworkPolicy> policy = manifests.named(NetworkPolicy.class, of.name());
    assertThat(policy).as(of.name()).isPresent();
    assertThat(policy.get().getSpec().getPodSelector().getMatchLabels())
        .isEqualTo(of.selector().getMatchLabels());
    assertThat(policy.get().getSpec().getPolicyTypes())
        .containsExactlyInAnyOrder("Ingress", "Egress");
    return policy.get();
  }

  private static boolean letsOut(NetworkPolicyEgressRule rule, Workload to, int port) {
    return rule.getPorts().stream().anyMatch(one -> isPort(one, new IntOrString(port)))
        && rule.getTo().stream().anyMatch(peer -> selects(peer, to));
  }

  private static boolean letsIn(NetworkPolicyIngressRule rule, Workload from, String port) {
    return rule.getPorts().stream().anyMatch(one -> isPort(one, new IntOrString(port)))
        && rule.getFrom().stream().anyMatch(peer -> selects(peer, from));
  }

  private static boolean isPort(NetworkPolicyPort one, IntOrString port) {
    return one.getPort().equals(port);
  }

  /** Pods of the release's own namespace, by all labels that their workload selects them by. */
  private static boolean selects(NetworkPolicyPeer peer, Workload workload) {
    return peer.getNamespaceSelector() == null
        && peer.getPodSelector() != null
        && workload.selector().getMatchLabels().equals(peer.getPodSelector().getMatchLabels());
  }
}
