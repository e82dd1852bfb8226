package io.membrane.helm;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.rbac.Role;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a release is called, Kubernetes takes the names and reads them as names. */
class NamesTest {

  private static final String SERVICE_NAME = "[a-z]([-a-z0-9]{0,61}[a-z0-9])?";

  /** A pod's label has the name of its StatefulSet and eleven characters more. */
  private static final int LONGEST_OF_A_STATEFUL_SET = 52;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "membrane",
        "team.a.prod",
        "a",
        "prod-membrane-eu-central-west-zone-1-cluster-number-1",
        "production.membrane.eu-central.a.membrane"
      })
  void servicesHaveNamesThatKubernetesTakes(String release) {
    Manifests manifests = Chart.released(release, Chart.NAMESPACE, Chart.companions());

    assertThat(manifests.of(Service.class))
        .isNotEmpty()
        .allMatch(service -> service.getMetadata().getName().matches(SERVICE_NAME));
    assertThat(manifests.of(StatefulSet.class))
        .allMatch(set -> set.getMetadata().getName().length() <= LONGEST_OF_A_STATEFUL_SET);
    assertThat(manifests.workloads())
        .allMatch(workload -> release.equals(workload.labels().get("app.kubernetes.io/instance")));
  }

  @Test
  void namesThatLookLikeNumbersStayNames() {
    Map<String, Object> values = Chart.set(Chart.companions(), "cluster.name", "007");
    values = Chart.set(values, "fullnameOverride", "membrane");
    values = Chart.set(values, "scheduler.fleet", Map.of());
    values = Chart.set(values, "kubernetes.engines.enabled", true);
    values = Chart.set(values, "monitoring.serviceMonitor.enabled", true);

    Manifests manifests = Chart.released("2025", Chart.NAMESPACE, values);

    assertThat(manifests.properties("gateway"))
        .containsEntry("membrane.gateway.fragment-cluster", "007");
    assertThat(manifests.properties("fragment-service"))
        .containsEntry("membrane.fragment.cluster", "007");
    assertThat(manifests.properties("directory-service"))
        .containsEntry("membrane.directory.kubernetes.cluster", "007");
  }

  @Test
  void twoReleasesOfOneNameMayAskTheSameNamespaces() {
    Map<String, Object> values = Chart.companions();
    values = Chart.set(values, "kubernetes.peers.enabled", true);
    values = Chart.set(values, "kubernetes.peers.namespaces", List.of("east", "west"));
    values = Chart.set(values, "kubernetes.engines.enabled", true);
    values = Chart.set(values, "kubernetes.engines.namespace", "serving");

    List<String> east = roles(Chart.released("membrane", "east", values));
    List<String> west = roles(Chart.released("membrane", "west", values));

    assertThat(east).hasSize(3).doesNotContainAnyElementsOf(west);
  }

  private static List<String> roles(Manifests manifests) {
    return manifests.of(Role.class).stream()
        .map(HasMetadata::getMetadata)
        .map(role -> role.getNamespace() + "/" + role.getName())
        .toList();
  }
}
