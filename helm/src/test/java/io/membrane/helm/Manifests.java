package io.membrane.helm;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** What a templating gave, read into the Kubernetes model. */
record Manifests(List<Object> all) {

  Manifests {
    all = List.copyOf(all);
  }

  static Manifests of(String text) {
    return new Manifests(Yaml.documents(text).stream().map(KubernetesModel::read).toList());
  }

  <T> List<T> of(Class<T> kind) {
    return all.stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  <T extends HasMetadata> Optional<T> named(Class<T> kind, String name) {
    return of(kind).stream().filter(one -> one.getMetadata().getName().equals(name)).findAny();
  }

  /** Everything that has pods. */
  List<Workload> workloads() {
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

  /** The Spring properties of a service, from its ConfigMap. */
  Map<String, Object> properties(String component) {
    ConfigMap map = named(ConfigMap.class, Chart.RELEASE + "-" + component).orElseThrow();
    Map<String, Object> all =
        new HashMap<>(Yaml.map(map.getData().getOrDefault("application.yaml", "")));
    all.putAll(Yaml.map(map.getData().getOrDefault("live.yaml", "")));
    return all;
  }
}
