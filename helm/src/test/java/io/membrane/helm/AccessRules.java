package io.membrane.helm;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.api.model.rbac.Subject;
import java.util.Map;
import java.util.Set;

/** Nobody may ask the Kubernetes API for more than it does ask. */
final class AccessRules {

  /** By the end of a Role's name, and "resource:verb" of all that it allows. */
  private static final Map<String, Set<String>> MOST =
      Map.of(
          "discovery",
          Set.of("endpointslices:list", "endpointslices:watch"),
          "leads-scheduler-control",
          Set.of("leases:get", "leases:update"),
          "leads-fragment-sweep",
          Set.of("leases:get", "leases:update"),
          "leads-directory-snapshots",
          Set.of("leases:get", "leases:update"),
          "engines",
          Set.of("pods:list"),
          "peers",
          Set.of("services:list"),
          "scaling",
          Set.of(
              "pods:list",
              "deployments/scale:get",
              "deployments/scale:update",
              "statefulsets/scale:get",
              "statefulsets/scale:update"));

  private AccessRules() {}

  static void check(Manifests manifests) {
    for (Role role : manifests.of(Role.class)) {
      String kind =
          role.getMetadata()
              .getName()
              .substring(Chart.RELEASE.length() + 1)
              .replaceFirst("-" + Chart.NAMESPACE + "$", "");
      role.getRules().forEach(rule -> checkRule(kind, rule));
    }
    assertThat(manifests.of(RoleBinding.class)).hasSameSizeAs(manifests.of(Role.class));
    for (RoleBinding binding : manifests.of(RoleBinding.class)) {
      assertThat(binding.getRoleRef().getName()).isEqualTo(binding.getMetadata().getName());
    }
    for (Workload workload : manifests.workloads()) {
      boolean isBound =
          manifests.of(RoleBinding.class).stream()
              .flatMap(binding -> binding.getSubjects().stream())
              .map(Subject::getName)
              .anyMatch(workload.pod().getServiceAccountName()::equals);
      assertThat(workload.pod().getAutomountServiceAccountToken())
          .as(workload.name() + " has a token if it is to use it")
          .isEqualTo(isBound);
    }
  }

  private static void checkRule(String kind, PolicyRule rule) {
    assertThat(MOST).containsKey(kind);
    for (String resource : rule.getResources()) {
      assertThat(rule.getVerbs())
          .as(kind + " on " + resource)
          .isNotEmpty()
          .allMatch(verb -> MOST.getOrDefault(kind, Set.of()).contains(resource + ":" + verb));
      assertThat(rule.getResourceNames().isEmpty())
          .as("a scale is that of one workload, and a Lease is one's own")
          .isEqualTo(!resource.endsWith("/scale") && !resource.equals("leases"));
    }
  }
}
