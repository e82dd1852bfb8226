package io.membrane.helm;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Everything that a service is told is something that it hears. */
final class ConfigurationRules {

  /** Variables of the JVM and of the engine, which are no properties. */
  private static final Set<String> OTHERS =
      Set.of(
          "JAVA_TOOL_OPTIONS",
          "DJL_CACHE_DIR",
          "PYTORCH_LIBRARY_PATH",
          "PYTORCH_VERSION",
          "PYTORCH_FLAVOR");

  private static final Map<String, PropertyNames> KNOWN = new ConcurrentHashMap<>();

  private ConfigurationRules() {}

  static void check(Manifests manifests) {
    for (Workload workload : manifests.workloads()) {
      if (workload.isService()) {
        String service = workload.component();
        PropertyNames known = KNOWN.computeIfAbsent(service, PropertyNames::new);
        Map<String, Object> properties = manifests.properties(service);
        assertThat(properties.keySet()).as(service).allMatch(known::has);
        assertThat(workload.container().getEnv())
            .as(service)
            .extracting(EnvVar::getName)
            .doesNotHaveDuplicates()
            .allMatch(name -> OTHERS.contains(name) || known.has(name));
        filesAreMounted(workload, properties);
        peersAreThere(manifests, properties);
      }
    }
  }

  private static void filesAreMounted(Workload workload, Map<String, Object> properties) {
    List<String> mounts =
        workload.container().getVolumeMounts().stream().map(VolumeMount::getMountPath).toList();
    properties.forEach((name, value) -> {
      String file = String.valueOf(value).replaceFirst("^file:", "");
      if (file.startsWith("/") && !file.startsWith("/opt/membrane/")) {
        assertThat(mounts).as(name + "=" + value).anyMatch(file::startsWith);
      }
    });
  }

  private static void peersAreThere(Manifests manifests, Map<String, Object> properties) {
    boolean isTls = properties.containsKey("server.ssl.bundle");
    properties.forEach((name, value) -> {
      if (name.startsWith("membrane.client.peers.")) {
        String peer = name.substring("membrane.client.peers.".length());
        assertThat(value)
            .isEqualTo(
                "%s://%s-%s:%d"
                    .formatted(
                        isTls ? "https" : "http",
                        Chart.RELEASE,
                        peer,
                        manifests.workload(peer).port("http")));
      }
    });
  }
}
