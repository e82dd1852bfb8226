package io.membrane.scheduler;

import static io.membrane.scheduler.Service.ok;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.RedisProcess;
import io.membrane.scheduler.kubernetes.MockCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A load that shifts, from routes and telemetry over REST to two workloads that are scaled. */
class LoadShiftTest {

  private static final String FLEET =
      """
      {"clusters": [
        {"cluster": "far", "role": "prefill", "instances": {"h200": 4}, "link": {"gbps": 100}},
        {"cluster": "near", "role": "pd", "instances": {"h20": 8}}]}\
      """;

  @TempDir private Path folder;

  @Test
  void shortPromptsMoveTheThresholdAndOneInstanceFromPrefillToDecode() throws Exception {
    Path fleet = Files.writeString(folder.resolve("fleet.json"), FLEET);
    try (RedisProcess redis = RedisProcess.embedded();
        MockCluster cluster =
            new MockCluster().withDeployment("prefill", 3).withDeployment("decode", 5);
        Service service =
            new Service(
                redis.port(),
                "membrane.scheduler.fleet=" + fleet,
                "membrane.scheduler.roles.period=1s",
                "membrane.scheduler.roles.dwell=2s",
                "membrane.scheduler.roles.cool-down=10m",
                "membrane.scheduler.roles.min-samples=200",
                "membrane.scheduler.kubernetes.mode=apply",
                "membrane.scheduler.kubernetes.namespace=" + MockCluster.NAMESPACE,
                "membrane.scheduler.kubernetes.prefill.name=prefill",
                "membrane.scheduler.kubernetes.decode.name=decode",
                "membrane.scheduler.kubernetes.kubeconfig="
                    + MockCluster.kubeconfig(folder, cluster.port()))) {
      int planned = service.state().get("threshold_tokens").asInt();
      assertThat(service.state().get("roles").get("wanted").get("prefill").asInt()).isEqualTo(3);
      for (int i = 0; i < 300; i++) {
        service.post(
            "/v1/routes",
            """
            {"total_tokens": %d, "clusters": [
              {"cluster": "near", "role": "pd", "cached_tokens": 0},
              {"cluster": "far", "role": "prefill", "cached_tokens": 0}]}\
            """
                .formatted(500 + 10 * i));
      }

      Awaitility.await("one instance less prefills, and its pod is told to end")
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(250))
          .until(() -> {
            decodeBound(service);
            return cluster.replicas("prefill") == 2;
          });
      assertThat(cluster.replicas("decode")).as("while that pod drains").isEqualTo(5);
      assertThat(service.state().get("threshold_tokens").asInt()).isLessThan(planned);

      cluster.runControllers();
      cluster.finishDraining();
      Awaitility.await("one instance more decodes")
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(250))
          .until(() -> {
            decodeBound(service);
            return cluster.replicas("decode") == 6;
          });
      JsonNode roles = service.state().get("roles");
      assertThat(roles.get("wanted").get("prefill").asInt()).isEqualTo(2);
      assertThat(roles.get("wanted").get("decode").asInt()).isEqualTo(6);
      assertThat(service.state().get("kubernetes").get("mode").asString()).isEqualTo("apply");
    }
  }

  private static void decodeBound(Service service) {
    ok(
        service.post(
            "/v1/telemetry",
            """
            {"cluster": "near", "prefill_instances": 3, "decode_instances": 5,
             "utilisation": 0.3, "queue_depth": 0,
             "decode_utilisation": 0.99, "decode_queue_depth": 40}\
            """));
  }
}
