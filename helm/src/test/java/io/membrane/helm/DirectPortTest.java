package io.membrane.helm;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyIngressRule;
import io.membrane.helm.CustomResources.Certificate;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The port of fragment nodes at which engines show tokens of the gateway. */
class DirectPortTest {

  private static final String FILE = "/etc/membrane/direct/secret";
  private static final List<String> HOLDERS = List.of("gateway", "fragment-service");
  private static final Map<String, Object> ENGINES =
      Map.of("namespaceSelector", Map.of("matchLabels", Map.of("of", "engines")));

  private final Manifests open = Chart.with(values());

  private static Map<String, Object> values() {
    return Chart.set(
        Chart.companions(),
        "fragment.direct",
        Map.of(
            "enabled",
            true,
            "port",
            8192,
            "secret",
            Map.of("existingSecret", "tokens", "key", "secret")));
  }

  @Test
  void theGatewayAndTheNodesReadTheSecretFromAFileAndNobodyElseHasIt() {
    assertThat(open.properties("gateway"))
        .containsEntry("membrane.gateway.direct.secret-file", FILE);
    assertThat(open.properties("fragment-service"))
        .containsEntry("membrane.fragment.direct.secret-file", FILE)
        .containsEntry("membrane.fragment.direct.port", 8192);
    for (Workload workload : open.workloads()) {
      boolean holds = HOLDERS.contains(workload.component());
      assertThat(workload.pod().getVolumes().stream().filter(DirectPortTest::isSecret))
          .as(workload.name())
          .hasSize(holds ? 1 : 0);
      assertThat(workload.container().getVolumeMounts())
          .as(workload.name())
          .filteredOn(mount -> mount.getName().equals("direct-secret"))
          .hasSize(holds ? 1 : 0)
          .allMatch(VolumeMount::getReadOnly);
      assertThat(workload.container().getEnv().toString()).doesNotContain("tokens");
    }
  }

  private static boolean isSecret(Volume volume) {
    return volume.getSecret() != null && "tokens".equals(volume.getSecret().getSecretName());
  }

  @Test
  void aNodeTellsItsPodsNameAtTheHeadlessServiceForWhichItHasACertificate() {
    assertThat(open.workload("fragment-service").variable("MEMBRANE_FRAGMENT_INSTANCE"))
        .hasValueSatisfying(variable ->
            assertThat(variable.getValueFrom().getFieldRef().getFieldPath())
                .isEqualTo("metadata.name"));
    assertThat(open.properties("fragment-service"))
        .containsEntry(
            "membrane.fragment.direct.url",
            "https://${MEMBRANE_FRAGMENT_INSTANCE}.membrane-fragment-service-pods.llm.svc:8192");
    assertThat(open.of(Certificate.class))
        .filteredOn(one -> one.metadata().getName().equals("membrane-fragment-service"))
        .singleElement()
        .satisfies(one ->
            assertThat(one.spec().dnsNames()).contains("*.membrane-fragment-service-pods.llm.svc"));
  }

  @Test
  void thePortIsAtThePodsAndAtNoServiceThatSpreadsOrShowsThem() {
    Manifests shown = Chart.with(Chart.set(values(), "region.expose.enabled", true));
    assertThat(shown.workload("fragment-service").port("direct")).isEqualTo(8192);
    assertThat(shown.of(Service.class))
        .filteredOn(service ->
            service.getSpec().getPorts().stream()
                .map(ServicePort::getName)
                .anyMatch("direct"::equals))
        .singleElement()
        .satisfies(service -> {
          assertThat(service.getMetadata().getName()).isEqualTo("membrane-fragment-service-pods");
          assertThat(service.getSpec().getClusterIP()).isEqualTo("None");
        });
    Rules.check(shown);
  }

  @Test
  void enginesAreLetInAtThatPortAloneAndNobodyUntilTheyAreNamed() {
    assertThat(directRules(open)).isEmpty();
    Manifests told =
        Chart.with(Chart.set(values(), "networkPolicies.directFrom", List.of(ENGINES)));
    assertThat(directRules(told))
        .singleElement()
        .satisfies(rule -> {
          assertThat(rule.getPorts()).hasSize(1);
          assertThat(rule.getFrom())
              .singleElement()
              .satisfies(peer ->
                  assertThat(peer.getNamespaceSelector().getMatchLabels())
                      .containsEntry("of", "engines"));
        });
    Rules.check(told);
  }

  private static List<NetworkPolicyIngressRule> directRules(Manifests manifests) {
    return manifests.of(NetworkPolicy.class).stream()
        .flatMap(policy -> policy.getSpec().getIngress().stream())
        .filter(rule ->
            rule.getPorts().stream()
                .anyMatch(port -> new IntOrString("direct").equals(port.getPort())))
        .toList();
  }

  @Test
  void byDefaultThereIsNoneWhateverElseIsNamed() {
    Manifests closed =
        Chart.with(Chart.set(Chart.companions(), "networkPolicies.directFrom", List.of(ENGINES)));
    assertThat(closed.workload("fragment-service").container().getPorts())
        .extracting(ContainerPort::getName)
        .doesNotContain("direct");
    assertThat(directRules(closed)).isEmpty();
    for (String holder : HOLDERS) {
      assertThat(closed.properties(holder).keySet()).noneMatch(name -> name.contains(".direct."));
      assertThat(closed.workload(holder).container().getVolumeMounts())
          .extracting(VolumeMount::getName)
          .doesNotContain("direct-secret");
    }
  }
}
