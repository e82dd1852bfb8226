package io.membrane.helm;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyEgressRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.membrane.helm.CustomResources.Certificate;
import io.membrane.helm.CustomResources.PrometheusRule;
import io.membrane.helm.CustomResources.ServiceMonitor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.FileSystemUtils;

/** What single values become. */
class ContentTest {

  private final Manifests laptop = Chart.example("laptop");
  private final Manifests region = Chart.example("one-region");
  private final Manifests east = Chart.example("two-regions-a");

  @Test
  void servicesListenWhereTheirOwnConfigurationSays() throws IOException {
    for (Workload workload : laptop.workloads()) {
      if (workload.isService()) {
        var properties = new Properties();
        Path file =
            Chart.ROOT
                .resolve(workload.component())
                .resolve("src/main/resources/application.properties");
        try (var in = Files.newInputStream(file)) {
          properties.load(in);
        }
        assertThat(workload.port("http"))
            .isEqualTo(Integer.parseInt(properties.getProperty("server.port")));
      }
    }
  }

  @Test
  void nothingOfTheHealthAndMetricsIsOnAServicesOwnPort() {
    for (Service service : region.of(Service.class)) {
      boolean isForMetrics = service.getMetadata().getName().endsWith("-metrics");
      assertThat(service.getSpec().getPorts())
          .allMatch(port -> port.getName().equals("management") == isForMetrics);
    }
  }

  @Test
  void aFragmentNodeIsNamedAndReachedAsItsPod() {
    Workload fragment = laptop.workload("fragment-service");
    assertThat(fragment.kind()).isEqualTo("StatefulSet");
    assertThat(fragment.variable("MEMBRANE_FRAGMENT_URL").orElseThrow().getValue())
        .isEqualTo(
            "http://$(MEMBRANE_FRAGMENT_INSTANCE).membrane-fragment-service-pods.llm.svc:8082");
    Service pods = laptop.named(Service.class, "membrane-fragment-service-pods").orElseThrow();
    assertThat(pods.getSpec().getClusterIP()).isEqualTo("None");
    assertThat(pods.getSpec().getPublishNotReadyAddresses()).isTrue();
  }

  @Test
  void withTlsServicesShowCertificatesToEachOtherAndTheGatewayAsksForNone() {
    for (Workload workload : region.workloads()) {
      Map<String, Object> properties = region.properties(workload.component());
      assertThat(properties)
          .containsEntry("server.ssl.bundle", "membrane")
          .containsEntry("membrane.client.ssl-bundle", "membrane")
          .containsEntry("spring.ssl.bundle.pem.membrane.reload-on-update", true)
          .containsEntry("management.server.ssl.enabled", false);
      assertThat(properties.get("server.ssl.client-auth"))
          .isEqualTo(workload.component().equals("gateway") ? null : "need");
    }
    assertThat(region.of(Certificate.class))
        .hasSize(6)
        .filteredOn(one -> one.metadata().getName().equals("membrane-fragment-service"))
        .singleElement()
        .satisfies(one ->
            assertThat(one.spec().dnsNames())
                .contains("membrane-fragment-service", "*.membrane-fragment-service-pods.llm.svc"));
  }

  @Test
  void aWorkerGetsItsGpuItsModelAndTimeToDrain() {
    Workload worker = region.workload("compute-worker");
    assertThat(worker.container().getResources().getLimits())
        .containsEntry("nvidia.com/gpu", new Quantity("1"));
    assertThat(worker.pod().getTolerations())
        .extracting(Toleration::getKey)
        .contains("nvidia.com/gpu");
    assertThat(worker.container().getVolumeMounts())
        .filteredOn(mount -> mount.getName().equals("model"))
        .singleElement()
        .returns(true, VolumeMount::getReadOnly)
        .returns("/models", VolumeMount::getMountPath);
    assertThat(worker.pod().getTerminationGracePeriodSeconds()).isGreaterThan(240);
  }

  @Test
  void theIngressOfTheExamplePassesWhatTheGatewayTakes() {
    assertThat(region.of(Ingress.class).getFirst().getMetadata().getAnnotations())
        .containsEntry("nginx.ingress.kubernetes.io/backend-protocol", "HTTPS")
        .containsEntry("nginx.ingress.kubernetes.io/proxy-body-size", "1g")
        .containsEntry("nginx.ingress.kubernetes.io/proxy-buffering", "off")
        .containsEntry("nginx.ingress.kubernetes.io/proxy-request-buffering", "off")
        .containsEntry("nginx.ingress.kubernetes.io/proxy-read-timeout", "600");
  }

  @Test
  void regionsNameEachOther() {
    assertThat(east.properties("directory-service"))
        .containsEntry("membrane.directory.region", "east")
        .containsEntry("membrane.directory.peers.west", "https://directory.west.example.com:8081");
    assertThat(east.workload("directory-service").variable("MEMBRANE_DIRECTORY_PEERKEY"))
        .isPresent();
    assertThat(east.properties("fragment-service"))
        .containsEntry("membrane.fragment.transfer-rate", "800MB");
    assertThat(east.properties("reconstruction-service"))
        .containsEntry("membrane.reconstruction.clusters.prefill.role", "prefill")
        .containsEntry("membrane.reconstruction.clusters.decode.role", "pd");
    assertThat(east.named(ConfigMap.class, "membrane-scheduler-service").orElseThrow().getData())
        .containsKey("fleet.json");
  }

  @Test
  void byDefaultNobodyMayAskKubernetesAndEveryPodHasAPolicy() {
    assertThat(laptop.of(Role.class)).isEmpty();
    assertThat(laptop.of(NetworkPolicy.class)).hasSameSizeAs(laptop.workloads());
  }

  @Test
  void theDirectoryReachesTheEnginesThatItFinds() {
    NetworkPolicy policy =
        region.named(NetworkPolicy.class, "membrane-directory-service").orElseThrow();
    assertThat(policy.getSpec().getEgress())
        .flatExtracting(NetworkPolicyEgressRule::getTo)
        .filteredOn(peer -> peer.getNamespaceSelector() != null)
        .singleElement()
        .satisfies(peer -> {
          assertThat(peer.getNamespaceSelector().getMatchLabels()).containsValue("serving");
          assertThat(peer.getPodSelector().getMatchExpressions())
              .extracting(LabelSelectorRequirement::getKey)
              .containsExactly("membrane.io/kv-events");
        });
  }

  @Test
  void whatScalesHasNoFixedNumber() {
    assertThat(region.of(HorizontalPodAutoscaler.class)).hasSize(2);
    assertThat(region.named(Deployment.class, "membrane-gateway").orElseThrow().getSpec())
        .returns(null, spec -> spec.getReplicas());
  }

  @Test
  void dashboardsAndRulesAreWrapped(@TempDir Path folder) throws IOException {
    Path chart = folder.resolve("chart");
    FileSystemUtils.copyRecursively(Chart.FOLDER, chart);
    Files.createDirectories(chart.resolve("dashboards"));
    Files.createDirectories(chart.resolve("rules/tests"));
    Files.writeString(chart.resolve("dashboards/one.json"), "{\"uid\": \"one {{ $labels }}\"}\n");
    Files.writeString(
        chart.resolve("rules/some.yaml"),
        """
        groups:
          - name: some
            rules:
              - alert: Down
                expr: up == 0
                for: 1m
                annotations: {summary: "{{ $labels.instance }} is down"}
        """);
    Files.writeString(chart.resolve("rules/tests/some.yaml"), "tests: []\n");
    Manifests manifests = Chart.with(chart, Chart.values("examples/one-region.yaml"));
    assertThat(manifests.named(ConfigMap.class, "membrane-dashboard-one").orElseThrow())
        .returns("1", map -> map.getMetadata().getLabels().get("grafana_dashboard"))
        .returns(
            "{\"uid\": \"one {{ $labels }}\"}",
            map -> map.getData().getOrDefault("one.json", "").strip());
    PrometheusRule rule =
        manifests.of(PrometheusRule.class).stream()
            .filter(one -> one.metadata().getName().equals("membrane-some"))
            .findAny()
            .orElseThrow();
    assertThat(rule.spec().groups().getFirst().rules().getFirst().annotations())
        .containsEntry("summary", "{{ $labels.instance }} is down");
    assertThat(manifests.of(ServiceMonitor.class)).hasSize(1);
  }

  @Test
  void namesStayShortEnoughWhateverTheReleaseIsCalled() {
    ReferenceRules.check(
        Chart.with(Chart.set(Chart.companions(), "fullnameOverride", "m".repeat(60))));
  }

  @Test
  void everyServiceIsScrapedOnce() {
    ServiceMonitor monitor = region.of(ServiceMonitor.class).getFirst();
    List<Service> scraped =
        region.of(Service.class).stream()
            .filter(one ->
                one.getMetadata()
                    .getLabels()
                    .entrySet()
                    .containsAll(monitor.spec().selector().matchLabels().entrySet()))
            .toList();
    assertThat(scraped).hasSize(6);
  }
}
