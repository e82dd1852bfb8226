package io.membrane.helm;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.membrane.helm.CustomResources.Certificate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a templating gave, read into the Kubernetes model. */
public record Manifests(List<Object> all) {

  public Manifests {
    all = List.copyOf(all);
  }

  static Manifests of(String text) {
    return new Manifests(Yaml.documents(text).stream().map(KubernetesModel::read).toList());
  }

  /** All of one kind. */
  public <T> List<T> of(Class<T> kind) {
    return all.stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  /** The one of that kind and name. */
  public <T extends HasMetadata> Optional<T> named(Class<T> kind, String name) {
    return of(kind).stream().filter(one -> one.getMetadata().getName().equals(name)).findAny();
  }

  /** Everything that has pods. */
  public List<Workload> workloads() {
    return Stream.concat(
            of(Deployment.class).stream().map(Workload::of),
            of(StatefulSet.class).stream().map(Workload::of))
        .toList();
  }

  Workload workload(String component) {
    return workloads().stream()
        .filter(workload -> workload.component().equals(component))
        .findAny()
        .orElseThrow();
  }

  /** What cert-manager is asked for: the names in a certificate, by the Secret that holds it. */
  public Map<String, List<String>> certificates() {
    return of(Certificate.class).stream()
        .map(Certificate::spec)
        .collect(Collectors.toMap(spec -> spec.secretName(), spec -> spec.dnsNames()));
  }

  /** The Spring properties of a service, from its ConfigMap. */
  Map<String, Object> properties(String component) {
    ConfigMap map = named(ConfigMap.class, Chart.RELEASE + "-" + component).orElseThrow();
    Map<String, Object> all =
        new HashMap<>(Yaml.map(map.getData().getOrDefault("application.yaml", "")));
    all.putAll(Yaml.map(map.getData().getOrDefault("live.yaml", "")));
    return all;
  }
}
