package io.membrane.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.membrane.boot.StartupProblem;
import io.membrane.fixture.RedisProcess;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A directory beside a Kubernetes mock server. */
class PodEnginesTest {

  private static final String PODS = "membrane";

  @TempDir Path folder;

  private final RedisProcess redis = RedisProcess.embedded();
  private final MockCluster cluster = new MockCluster();

  @AfterEach
  void stop() {
    cluster.close();
    redis.close();
  }

  @Test
  void enginesAreRegisteredWhileTheirPodsAreReadyAndOthersAreLeftAlone() throws IOException {
    create(pod("ready", "5557", true));
    create(pod("starting", "5557", false));
    create(pod("broken", "http", true));
    create(
        new PodBuilder(pod("other", "5557", true))
            .editMetadata()
            .removeFromLabels("membrane.io/kv-events")
            .endMetadata()
            .build());
    try (Service one = service();
        Service other = service()) {
      Service.ok(
          one.send(
              HttpRequest.newBuilder(one.uri("/v1/engines/by-hand"))
                  .header("Content-Type", "application/json")
                  .PUT(
                      BodyPublishers.ofString(
                          """
                          {"cluster": "local", "endpoint": "tcp://127.0.0.1:9",
                           "namespace": {"revision": "r"}}
                          """))));
      awaitEngines(one, "by-hand", "k8s:local:membrane:ready");
      JsonNode engine = Service.ok(one.get("/v1/engines/k8s:local:membrane:ready"));
      assertThat(engine.path("endpoint").asString()).isEqualTo("tcp://127.0.0.1:5557");
      assertThat(engine.path("replay_endpoint").asString()).isEqualTo("tcp://127.0.0.1:5558");
      assertThat(engine.path("namespace").path("model").asString()).isEqualTo("Qwen/Qwen3-8B");
      assertThat(engine.path("namespace").path("block_tokens").asInt()).isEqualTo(16);
      assertThat(engine.path("namespace").path("kv_dtype").asString()).isEqualTo("f32");

      setReady("starting", true);
      awaitEngines(other, "by-hand", "k8s:local:membrane:ready", "k8s:local:membrane:starting");
      setReady("ready", false);
      awaitEngines(other, "by-hand", "k8s:local:membrane:starting");

      cluster.answers(500);
      delete("starting");
      create(pod("late", "6000", true));
      cluster.answers(0);
      awaitEngines(one, "by-hand", "k8s:local:membrane:late");
    }
  }

  @Test
  void whileKubernetesDoesNotAnswerEnginesStay() throws IOException {
    create(pod("ready", "5557", true));
    try (Service one = service()) {
      awaitEngines(one, "k8s:local:membrane:ready");
    }
    cluster.answers(503);
    try (Service one = service()) {
      awaitEngines(one, "k8s:local:membrane:ready");
    }
  }

  @Test
  void aTenantsEngineIsItsOwn() throws IOException {
    create(
        new PodBuilder(pod("ready", "5557", true))
            .editMetadata()
            .addToAnnotations("membrane.io/tenant", "t-1")
            .endMetadata()
            .build());
    try (Service one = service()) {
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(() ->
              assertThat(
                      one.send(
                              HttpRequest.newBuilder(one.uri("/v1/engines"))
                                  .header("Membrane-Tenant", "t-1")
                                  .GET())
                          .body())
                  .contains("k8s:local:membrane:ready"));
      awaitEngines(one);
    }
  }

  @Test
  void missingRightsStopTheStartAndSayWhatToDo() {
    cluster.answers(403);
    assertThatThrownBy(this::service)
        .rootCause()
        .isInstanceOf(StartupProblem.class)
        .hasMessageContaining("does not let the directory list pods of namespace membrane (403)");
    cluster.answers(401);
    assertThatThrownBy(this::service).rootCause().hasMessageContaining("(401)");
  }

  @Test
  void withoutAServiceAccountOrANamespaceItDoesNotStart() {
    assertThatThrownBy(() ->
            new Service(
                redis.port(),
                "membrane.directory.kubernetes.enabled=true",
                "membrane.directory.kubernetes.namespace=membrane"))
        .hasStackTraceContaining("this process has no service account of a Kubernetes pod");
    assertThatThrownBy(
            () -> new Service(redis.port(), "membrane.directory.kubernetes.enabled=true"))
        .hasStackTraceContaining("membrane.directory.kubernetes.namespace is null");
  }

  private Service service() throws IOException {
    Path kubeconfig = cluster.kubeconfig(folder);
    return Service.ofTinyLlama(
        redis.port(),
        "membrane.directory.kubernetes.enabled=true",
        "membrane.directory.kubernetes.namespace=" + PODS,
        "membrane.directory.kubernetes.every=1s",
        "membrane.directory.kubernetes.kubeconfig=" + kubeconfig);
  }

  private static Pod pod(String name, String port, boolean isReady) {
    return new PodBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace(PODS)
        .addToLabels("membrane.io/kv-events", port)
        .addToAnnotations(
            Map.of(
                "membrane.io/kv-replay", "5558",
                "membrane.io/model", "Qwen/Qwen3-8B",
                "membrane.io/revision", "main",
                "membrane.io/block-size", "16"))
        .endMetadata()
        .withNewStatus()
        .withPodIP("127.0.0.1")
        .addNewCondition()
        .withType("Ready")
        .withStatus(isReady ? "True" : "False")
        .endCondition()
        .endStatus()
        .build();
  }

  private void create(Pod pod) {
    cluster.client.resource(pod).create();
  }

  private void delete(String pod) {
    cluster.client.pods().inNamespace(PODS).withName(pod).delete();
  }

  private void setReady(String name, boolean isReady) {
    cluster
        .client
        .pods()
        .inNamespace(PODS)
        .withName(name)
        .edit(pod -> {
          pod.getStatus().getConditions().getFirst().setStatus(isReady ? "True" : "False");
          return pod;
        });
  }

  private static void awaitEngines(Service service, String... ids) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() ->
            assertThat(
                    Service.ok(service.get("/v1/engines")).path("engines").findValuesAsString("id"))
                .containsExactlyElementsOf(List.of(ids)));
  }
}
