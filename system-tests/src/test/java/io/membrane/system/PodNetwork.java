package io.membrane.system;

import io.fabric8.kubernetes.api.model.Service;
import io.membrane.helm.Manifests;
import io.membrane.helm.Workload;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The first pod of each workload at a loopback address of its own, so that all keep their ports,
 * and the names under which a cluster's DNS would have it.
 */
final class PodNetwork {

  /** Where a fixture binds it. */
  private static final String REDIS = "127.0.0.1";

  private final Map<String, String> addresses = new HashMap<>();
  private final Map<String, String> named = new HashMap<>();
  private final Path hosts;

  /**
   * @param hosts the file to write the names to
   */
  PodNetwork(Manifests manifests, Path hosts) {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    String prefix = "127.%d.%d.".formatted(random.nextInt(1, 255), random.nextInt(256));
    for (Workload workload : manifests.workloads()) {
      String own = prefix + (addresses.size() + 1);
      addresses.put(workload.component(), workload.isService() ? own : REDIS);
    }
    manifests.of(Service.class).forEach(service -> name(manifests, service));
    try {
      named.put(InetAddress.getLocalHost().getHostName(), "127.0.0.1");
      named.put("localhost", "127.0.0.1");
      this.hosts =
          Files.write(
              hosts,
              named.entrySet().stream().map(one -> one.getValue() + " " + one.getKey()).toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void name(Manifests manifests, Service service) {
    Map<String, String> selector = service.getSpec().getSelector();
    Workload behind =
        manifests.workloads().stream()
            .filter(workload -> workload.labels().entrySet().containsAll(selector.entrySet()))
            .findAny()
            .orElseThrow();
    String name = service.getMetadata().getName();
    String full = name + "." + service.getMetadata().getNamespace();
    for (String each : List.of(name, full, full + ".svc", pod(behind) + "." + full + ".svc")) {
      named.put(each, address(behind.component()));
    }
  }

  /** The name of the first pod. */
  static String pod(Workload workload) {
    return workload.name() + "-0";
  }

  /** The address of a workload's first pod. */
  String address(String component) {
    return Objects.requireNonNull(addresses.get(component), component);
  }

  /** The address of a name. */
  String of(String name) {
    return Objects.requireNonNull(named.get(name), name);
  }

  /** For {@code jdk.net.hosts.file}. */
  Path hosts() {
    return hosts;
  }
}
