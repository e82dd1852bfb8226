package io.membrane.system;

import io.membrane.cli.fleet.Member;
import io.membrane.fixture.RedisProcess;
import io.membrane.helm.Manifests;
import io.membrane.helm.Workload;
import java.net.URI;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** One pod of each service that the chart makes, as processes. */
final class ChartFleet implements AutoCloseable {

  private final Map<Member, ChartPod> pods = new EnumMap<>(Member.class);

  /**
   * Lays out the files of all pods.
   *
   * @param folder in whose {@code secrets} lies a folder for each Secret
   */
  ChartFleet(Manifests manifests, PodNetwork network, Path folder) {
    for (Workload workload : manifests.workloads()) {
      if (workload.isService()) {
        pods.put(
            Member.named(workload.component()), new ChartPod(manifests, workload, network, folder));
      }
    }
  }

  /** Starts all of them and waits until they are ready. */
  void start(RedisProcess redis) {
    List<String> there =
        List.of("--spring.data.redis.host=127.0.0.1", "--spring.data.redis.port=" + redis.port());
    pods.values().forEach(pod -> pod.start(there));
    pods.values().forEach(ChartPod::awaitReady);
  }

  /** Where a port of a service answers, by the port's name. */
  URI url(Member service, String scheme, String port) {
    return Objects.requireNonNull(pods.get(service)).url(scheme, port);
  }

  @Override
  public void close() {
    pods.values().forEach(ChartPod::close);
  }
}
