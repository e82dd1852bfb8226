package io.membrane.helm;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A Deployment or StatefulSet; {@code claims} are the volumes that it makes for each pod. */
public record Workload(
    String kind,
    String name,
    LabelSelector selector,
    PodTemplateSpec template,
    List<String> claims) {

  static final String COMPONENT = "app.kubernetes.io/component";

  public Workload {
    claims = List.copyOf(claims);
  }

  static Workload of(Deployment deployment) {
    return new Workload(
        "Deployment",
        deployment.getMetadata().getName(),
        deployment.getSpec().getSelector(),
        deployment.getSpec().getTemplate(),
        List.of());
  }

  static Workload of(StatefulSet set) {
    return new Workload(
        "StatefulSet",
        set.getMetadata().getName(),
        set.getSpec().getSelector(),
        set.getSpec().getTemplate(),
        set.getSpec().getVolumeClaimTemplates().stream()
            .map(claim -> claim.getMetadata().getName())
            .toList());
  }

  /** Which part of the fleet it runs, such as {@code gateway} or {@code redis}. */
  public String component() {
    return labels().getOrDefault(COMPONENT, "");
  }

  /** Whether it runs one of the six services. */
  public boolean isService() {
    return !component().equals("redis");
  }

  /** Those of its pods, by which Services select them. */
  public Map<String, String> labels() {
    return template.getMetadata().getLabels();
  }

  /** What each of its pods is. */
  public PodSpec pod() {
    return template.getSpec();
  }

  /** The only container of a pod. */
  public Container container() {
    return pod().getContainers().getFirst();
  }

  /** The number of a port by its name. */
  public int port(String named) {
    return container().getPorts().stream()
        .filter(port -> port.getName().equals(named))
        .findAny()
        .orElseThrow()
        .getContainerPort();
  }

  Optional<EnvVar> variable(String named) {
    return container().getEnv().stream().filter(one -> one.getName().equals(named)).findAny();
  }
}
