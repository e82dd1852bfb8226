package io.membrane.helm;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a service takes while it runs starts no new pod, and all else does. */
class LiveConfigurationTest {

  private static final String BEFORE = annotation(Chart.companions(), "gateway");

  private static Map<String, Object> gateway(Map<String, Object> config) {
    return Chart.set(Chart.companions(), "gateway.config", config);
  }

  private static String annotation(Map<String, Object> values, String component) {
    return String.valueOf(
        Chart.with(values)
            .workload(component)
            .template()
            .getMetadata()
            .getAnnotations()
            .get("membrane.io/config"));
  }

  private static Map<String, Object> live(Map<String, Object> values, String component) {
    ConfigMap map =
        Chart.with(values).named(ConfigMap.class, "membrane-" + component).orElseThrow();
    return Yaml.map(map.getData().getOrDefault("live.yaml", ""));
  }

  @Test
  void limitsAndLogLevelsAreInTheLiveFileAndStartNoNewPod() {
    Map<String, Object> values =
        gateway(
            Map.of(
                "membrane.gateway.limits.default.requests-per-second",
                100,
                "logging.level.io.membrane",
                "debug"));
    assertThat(annotation(values, "gateway")).isEqualTo(BEFORE);
    assertThat(live(values, "gateway"))
        .containsOnlyKeys(
            "membrane.gateway.limits.default.requests-per-second", "logging.level.io.membrane");
    assertThat(live(Chart.companions(), "gateway")).isEmpty();
    assertThat(annotation(gateway(Map.of("membrane.gateway.max-silence", "30s")), "gateway"))
        .isNotEqualTo(BEFORE);
  }

  @Test
  void thresholdsAndLinksStartNoNewSchedulerAndInstancesDo() {
    Map<String, Object> values = Chart.companions();
    String before = annotation(values, "scheduler-service");
    assertThat(live(values, "scheduler-service"))
        .containsKeys("membrane.scheduler.fleet", "membrane.scheduler.regime");
    assertThat(
            annotation(Chart.set(values, "scheduler.thresholdTokens", 7000), "scheduler-service"))
        .isEqualTo(before);
    assertThat(annotation(Chart.set(values, "scheduler.fleet", fleet(1, 8)), "scheduler-service"))
        .isEqualTo(before);
    assertThat(annotation(Chart.set(values, "scheduler.fleet", fleet(10, 9)), "scheduler-service"))
        .isNotEqualTo(before);
  }

  private static Map<String, Object> fleet(int gbps, int pdInstances) {
    return Map.of(
        "clusters",
        List.of(
            Map.of(
                "cluster",
                "there",
                "role",
                "prefill",
                "instances",
                Map.of("h200", 4),
                "link",
                Map.of("gbps", gbps)),
            Map.of("cluster", "here", "role", "pd", "instances", Map.of("h20", pdInstances))));
  }

  @Test
  void whoLeadsHasALeaseAndMayWriteNoOther() {
    Manifests manifests =
        Chart.with(Chart.set(Chart.companions(), "kubernetes.leadership.enabled", true));
    assertThat(manifests.of(Lease.class))
        .extracting(lease -> lease.getMetadata().getName())
        .containsExactlyInAnyOrder("membrane-scheduler-control", "membrane-fragment-sweep");
    Role role = manifests.named(Role.class, "membrane-leads-scheduler-control").orElseThrow();
    assertThat(role.getRules())
        .singleElement()
        .returns(List.of("membrane-scheduler-control"), PolicyRule::getResourceNames)
        .returns(List.of("get", "update"), PolicyRule::getVerbs);
    assertThat(manifests.properties("scheduler-service"))
        .containsEntry("membrane.leadership.by", "kubernetes")
        .containsEntry("membrane.leadership.name", "membrane");
    assertThat(manifests.workload("gateway").pod().getAutomountServiceAccountToken()).isFalse();
  }

  @Test
  void whoFindsInstancesMayListAndWatchSlicesAlone() {
    Manifests manifests =
        Chart.with(Chart.set(Chart.companions(), "kubernetes.discovery.enabled", true));
    Role role = manifests.named(Role.class, "membrane-discovery").orElseThrow();
    assertThat(role.getRules())
        .singleElement()
        .returns(List.of("endpointslices"), PolicyRule::getResources)
        .returns(List.of("list", "watch"), PolicyRule::getVerbs);
    assertThat(manifests.properties("reconstruction-service"))
        .containsEntry("membrane.discovery.by", "kubernetes")
        .containsEntry(
            "membrane.discovery.selector",
            "app.kubernetes.io/part-of=membrane,app.kubernetes.io/instance=membrane");
    assertThat(manifests.properties("scheduler-service"))
        .doesNotContainKey("membrane.discovery.by");
  }
}
