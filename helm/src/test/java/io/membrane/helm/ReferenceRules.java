package io.membrane.helm;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What a manifest names is there, once. */
final class ReferenceRules {

  private static final int LONGEST_NAME = 63;

  private ReferenceRules() {}

  static void check(Manifests manifests) {
    List<String> names =
        manifests.of(HasMetadata.class).stream()
            .map(one ->
                String.join(
                    "/",
                    one.getKind(),
                    one.getMetadata().getNamespace(),
                    one.getMetadata().getName()))
            .toList();
    assertThat(names)
        .doesNotHaveDuplicates()
        .allMatch(name -> name.substring(name.lastIndexOf('/') + 1).length() <= LONGEST_NAME);
    manifests.workloads().forEach(workload -> checkWorkload(manifests, workload));
    manifests.of(Service.class).forEach(service -> checkService(manifests, service));
    manifests
        .of(StatefulSet.class)
        .forEach(set ->
            assertThat(manifests.named(Service.class, set.getSpec().getServiceName())).isPresent());
    manifests
        .of(PodDisruptionBudget.class)
        .forEach(budget ->
            assertThat(selected(manifests, budget.getSpec().getSelector().getMatchLabels()))
                .hasSize(1));
    manifests
        .of(HorizontalPodAutoscaler.class)
        .forEach(scaler -> {
          var target = scaler.getSpec().getScaleTargetRef();
          assertThat(manifests.workloads())
              .anyMatch(one ->
                  one.kind().equals(target.getKind()) && one.name().equals(target.getName()));
        });
    manifests.of(Ingress.class).forEach(ingress -> checkIngress(manifests, ingress));
  }

  private static void checkWorkload(Manifests manifests, Workload workload) {
    assertThat(workload.labels()).containsAllEntriesOf(workload.selector().getMatchLabels());
    assertThat(selected(manifests, workload.selector().getMatchLabels())).hasSize(1);
    assertThat(manifests.named(ServiceAccount.class, workload.pod().getServiceAccountName()))
        .isPresent();
    List<String> volumes =
        Stream.concat(
                workload.pod().getVolumes().stream().map(Volume::getName),
                workload.claims().stream())
            .toList();
    assertThat(workload.container().getVolumeMounts())
        .extracting(VolumeMount::getName)
        .containsExactlyInAnyOrderElementsOf(volumes);
    for (Volume volume : workload.pod().getVolumes()) {
      if (volume.getConfigMap() != null) {
        assertThat(manifests.named(ConfigMap.class, volume.getConfigMap().getName())).isPresent();
      }
    }
  }

  private static void checkService(Manifests manifests, Service service) {
    List<Workload> workloads = selected(manifests, service.getSpec().getSelector());
    assertThat(workloads).as(service.getMetadata().getName()).hasSize(1);
    for (ServicePort port : service.getSpec().getPorts()) {
      assertThat(workloads.getFirst().port(port.getTargetPort().getStrVal()))
          .as(service.getMetadata().getName())
          .isEqualTo(port.getPort());
    }
  }

  private static void checkIngress(Manifests manifests, Ingress ingress) {
    var backend =
        ingress.getSpec().getRules().getFirst().getHttp().getPaths().getFirst().getBackend();
    Service service = manifests.named(Service.class, backend.getService().getName()).orElseThrow();
    assertThat(service.getSpec().getPorts())
        .extracting(ServicePort::getName)
        .contains(backend.getService().getPort().getName());
  }

  private static List<Workload> selected(Manifests manifests, Map<String, String> labels) {
    return manifests.workloads().stream()
        .filter(workload -> workload.labels().entrySet().containsAll(labels.entrySet()))
        .toList();
  }
}
