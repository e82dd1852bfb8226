package io.membrane.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.membrane.boot.StartupProblem;
import io.membrane.directory.region.PeerWatch;
import io.membrane.directory.region.RegionFollower;
import io.membrane.directory.region.Regions;
import io.membrane.fixture.RedisProcess;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A directory that finds others by their Services, beside a Kubernetes mock server. */
@ExtendWith(OutputCaptureExtension.class)
class ServicePeersTest {

  private static final String KEY = "membrane.directory.peer-key=what all directories know";
  private static final String REGION = "membrane.directory.region=here";

  @TempDir Path folder;

  private final RedisProcess redis = RedisProcess.embedded();
  private final MockCluster cluster = new MockCluster();

  @AfterEach
  void stop() {
    cluster.close();
    redis.close();
  }

  @Test
  void servicesWithTheLabelsNameOtherRegions(CapturedOutput output) throws IOException {
    create(labelled("one", "far-1").editSpec().addNewPort().withPort(80).endPort().endSpec());
    create(
        labelled("named", "far-2")
            .editSpec()
            .addNewPort()
            .withName("metrics")
            .withPort(9)
            .endPort()
            .addNewPort()
            .withName("http")
            .withPort(8081)
            .endPort()
            .endSpec());
    create(annotated("elsewhere", "far-3", "https://directory.far-3.example"));
    create(labelled("without-a-port", "far-4"));
    create(annotated("odd", "far-5", "ftp://x"));
    create(annotated("odder", "far-5", "not a url"));
    create(annotated("self", "here", "http://127.0.0.1:9"));
    create(
        labelled("engine", "far-6")
            .editMetadata()
            .removeFromLabels("app.kubernetes.io/component")
            .endMetadata());
    try (Service here = service(REGION, KEY)) {
      await(() ->
          assertThat(followed(here))
              .isEqualTo(
                  Map.of(
                      "far-1", URI.create("http://one.membrane.svc:80"),
                      "far-2", URI.create("http://named.membrane.svc:8081"),
                      "far-3", URI.create("https://directory.far-3.example"))));
      assertThat(output)
          .contains("Service membrane/without-a-port: it has no port named http")
          .contains("Service membrane/odd: membrane.io/url is a URL like")
          .contains("Service membrane/odder: ")
          .contains("region 'here', named by kubernetes, is not followed");
    }
  }

  @Test
  void whatKubernetesDoesNotAnswerLeavesRegionsAsTheyAre() throws IOException {
    create(annotated("far", "far", "http://127.0.0.1:9"));
    try (Service here = service(REGION, KEY)) {
      await(() -> assertThat(followed(here)).containsOnlyKeys("far"));
      PeerWatch watch = here.bean(PeerWatch.class);
      for (int status : new int[] {500, 403, 401, 200}) {
        long before = watch.failures();
        cluster.answers(status);
        if (status != 200) {
          await(() -> assertThat(watch.failures()).isGreaterThan(before + 1));
          assertThat(followed(here)).containsOnlyKeys("far");
        }
      }
      await(() -> assertThat(watch.found()).isZero());
      assertThat(followed(here)).as("named no more, not forgotten yet").containsOnlyKeys("far");

      cluster.answers(0);
      create(annotated("other", "other", "http://127.0.0.1:10"));
      cluster.client.services().inNamespace("membrane").withName("far").delete();
      await(() -> assertThat(followed(here)).containsOnlyKeys("far", "other"));
      create(annotated("far", "far", "http://127.0.0.1:11"));
      await(
          () -> assertThat(followed(here)).containsEntry("far", URI.create("http://127.0.0.1:11")));
    }
  }

  @Test
  void aDirectoryStartsWhileKubernetesDoesNotAnswer() throws IOException {
    cluster.answers(503);
    create(annotated("far", "far", "http://127.0.0.1:9"));
    try (Service here = service(REGION, KEY)) {
      assertThat(followed(here)).isEmpty();
      cluster.answers(0);
      await(() -> assertThat(followed(here)).containsOnlyKeys("far"));
    }
  }

  @Test
  void missingRightsStopTheStartAndSayWhatToDo() {
    cluster.answers(403);
    assertThatThrownBy(() -> service(REGION, KEY))
        .rootCause()
        .isInstanceOf(StartupProblem.class)
        .hasMessageContaining(
            "does not let the directory list services of namespace membrane (403)");
  }

  @Test
  void withoutANameAKeyOrANamespaceItDoesNotStart() {
    assertThatThrownBy(() -> service(KEY))
        .hasStackTraceContaining("lets other regions be found, but this one has no name");
    assertThatThrownBy(() -> service(REGION))
        .hasStackTraceContaining("lets other regions be found, but there is no key for them");
    assertThatThrownBy(() ->
            new Service(
                redis.port(), REGION, KEY, "membrane.directory.kubernetes.peers.enabled=true"))
        .hasStackTraceContaining("membrane.directory.kubernetes.peers.namespaces is []");
  }

  private Service service(String... more) throws IOException {
    Path kubeconfig = cluster.kubeconfig(folder);
    return Service.ofTinyLlama(
        redis.port(),
        Stream.concat(
                Stream.of(
                    "membrane.directory.kubernetes.peers.enabled=true",
                    "membrane.directory.kubernetes.peers.namespaces=membrane",
                    "membrane.directory.kubernetes.every=1s",
                    "membrane.directory.kubernetes.kubeconfig=" + kubeconfig),
                Stream.of(more))
            .toArray(String[]::new));
  }

  private static Map<String, URI> followed(Service service) {
    Map<String, URI> followed = new TreeMap<>();
    for (RegionFollower follower : service.bean(Regions.class).followers()) {
      followed.put(follower.region(), follower.url());
    }
    return followed;
  }

  private static ServiceBuilder labelled(String name, String region) {
    return new ServiceBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace("membrane")
        .addToLabels("app.kubernetes.io/component", "directory-service")
        .addToLabels("membrane.io/region", region)
        .endMetadata()
        .withNewSpec()
        .endSpec();
  }

  private static ServiceBuilder annotated(String name, String region, String url) {
    return labelled(name, region)
        .editMetadata()
        .addToAnnotations("membrane.io/url", url)
        .endMetadata();
  }

  private void create(ServiceBuilder service) {
    cluster.client.resource(service.build()).create();
  }

  private static void await(ThrowingRunnable assertion) {
    Awaitility.await().atMost(Duration.ofSeconds(30)).untilAsserted(assertion);
  }
}
