package io.membrane.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.membrane.boot.StartupProblem;
import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fixture.MockKubernetes;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Instances of services beside a Kubernetes mock server. */
@Timeout(120)
class EndpointWatchTest {

  private static final String DIRECTORY = "directory-service";
  private static final String SELECTOR = "app.kubernetes.io/instance=membrane";

  @TempDir Path folder;

  private final MockKubernetes cluster = new MockKubernetes();
  private final FaultProxy proxy = new FaultProxy(cluster.port());
  private EndpointInstances instances = new EndpointInstances(false);
  private EndpointWatch watch;

  @AfterEach
  void stop() {
    watch.stop();
    proxy.close();
    cluster.close();
  }

  @BeforeEach
  void connect() {
    watch =
        new EndpointWatch(
            new KubernetesApi(
                ClusterConnection.open(
                    MockKubernetes.kubeconfig(folder, proxy.port()),
                    Duration.ofSeconds(2),
                    "membrane.discovery",
                    "membrane.discovery.by=urls")),
            "membrane",
            SELECTOR,
            instances);
  }

  private static EndpointSliceBuilder slice(String name, String component, String... addresses) {
    return new EndpointSliceBuilder()
        .withNewMetadata()
        .withNamespace("membrane")
        .withName(name)
        .addToLabels("app.kubernetes.io/instance", "membrane")
        .addToLabels("app.kubernetes.io/component", component)
        .addToLabels("kubernetes.io/service-name", "membrane-" + component)
        .endMetadata()
        .withAddressType("IPv4")
        .addNewPort()
        .withName("http")
        .withPort(8081)
        .endPort()
        .withEndpoints(
            Stream.of(addresses)
                .map(address ->
                    new EndpointBuilder()
                        .withAddresses(address)
                        .withNewConditions()
                        .withReady(true)
                        .withServing(true)
                        .endConditions()
                        .build())
                .toList());
  }

  private void awaitDirectories(String... urls) {
    Awaitility.await()
        .untilAsserted(() ->
            assertThat(instances.of(DIRECTORY))
                .containsExactly(Stream.of(urls).map(URI::create).toArray(URI[]::new)));
  }

  @Test
  void instancesAreThoseOfTheListAndThenOfTheWatch() {
    cluster.apply(slice("a", DIRECTORY, "10.0.0.2", "10.0.0.1").build());
    cluster.apply(slice("other", "scheduler-service", "10.0.0.9").build());
    watch.start();
    assertThat(instances.of(DIRECTORY))
        .as("at the start, in one order")
        .containsExactly(URI.create("http://10.0.0.1:8081"), URI.create("http://10.0.0.2:8081"));
    assertThat(instances.of("scheduler-service")).hasSize(1);
    assertThat(instances.of("gateway")).isEmpty();
    cluster.apply(slice("b", DIRECTORY, "10.0.0.3").build());
    awaitDirectories("http://10.0.0.1:8081", "http://10.0.0.2:8081", "http://10.0.0.3:8081");
    cluster.apply(slice("a", DIRECTORY, "10.0.0.2").build());
    awaitDirectories("http://10.0.0.2:8081", "http://10.0.0.3:8081");
    cluster.delete(slice("b", DIRECTORY).build());
    awaitDirectories("http://10.0.0.2:8081");
    cluster.delete(slice("a", DIRECTORY).build());
    awaitDirectories();
    assertThat(cluster.rights()).containsExactly("endpointslices:list", "endpointslices:watch");
    assertThat(watch.failures()).isZero();
  }

  @Test
  void whoIsNotReadyOrIsGoingTakesNoRequests() {
    cluster.apply(
        slice("a", DIRECTORY, "10.0.0.1")
            .addNewEndpoint()
            .withAddresses("10.0.0.2")
            .withNewConditions()
            .withReady(false)
            .endConditions()
            .endEndpoint()
            .addNewEndpoint()
            .withAddresses("10.0.0.3")
            .withNewConditions()
            .withReady(true)
            .withServing(false)
            .endConditions()
            .endEndpoint()
            .addNewEndpoint()
            .withAddresses("10.0.0.4")
            .withNewConditions()
            .withReady(true)
            .withTerminating(true)
            .endConditions()
            .endEndpoint()
            .addNewEndpoint()
            .withAddresses("fd00::5")
            .endEndpoint()
            .build());
    cluster.apply(
        slice("metrics", DIRECTORY, "10.0.0.7")
            .withPorts(List.of())
            .addNewPort()
            .withName("management")
            .withPort(8090)
            .endPort()
            .build());
    watch.start();
    awaitDirectories("http://10.0.0.1:8081", "http://[fd00::5]:8081");
  }

  @Test
  void overTlsPodsAreCalledByTheirNamesAndThoseWithoutAreNot() {
    instances = new EndpointInstances(true);
    connect();
    cluster.apply(slice("a", DIRECTORY, "10.0.0.1", "10.0.0.2").build());
    cluster.apply(slice("plain", "scheduler-service", "10.0.0.9").build());
    cluster.apply(
        slice("pods", DIRECTORY)
            .editMetadata()
            .addToLabels("kubernetes.io/service-name", "membrane-directory-service-pods")
            .endMetadata()
            .addNewEndpoint()
            .withAddresses("10.0.0.1")
            .withHostname("membrane-directory-service-0")
            .endEndpoint()
            .build());
    watch.start();
    awaitDirectories(
        "https://membrane-directory-service-0.membrane-directory-service-pods.membrane.svc:8081");
    assertThat(instances.of("scheduler-service")).isEmpty();
  }

  @Test
  void whatHasBeenForgottenIsListedAgain() {
    cluster.apply(slice("a", DIRECTORY, "10.0.0.1").build());
    watch.start();
    awaitDirectories("http://10.0.0.1:8081");
    cluster.client().resource(slice("b", DIRECTORY, "10.0.0.2").build()).create();
    cluster.forgetEvents();
    awaitDirectories("http://10.0.0.1:8081", "http://10.0.0.2:8081");
  }

  @ParameterizedTest
  @ValueSource(ints = {403, 410, 429, 500, 503})
  void whileTheApiRefusesTheKnownStayAndLaterTheNewCome(int status) {
    cluster.apply(slice("a", DIRECTORY, "10.0.0.1").build());
    watch.start();
    cluster.answers(status);
    Awaitility.await().until(() -> watch.failures() > 0);
    assertThat(instances.of(DIRECTORY)).hasSize(1);
    cluster.apply(slice("b", DIRECTORY, "10.0.0.2").build());
    cluster.answers(0);
    awaitDirectories("http://10.0.0.1:8081", "http://10.0.0.2:8081");
  }

  @Test
  void anApiThatIsOverloadedIsAskedAsSeldomAsItSays() {
    cluster.apply(slice("a", DIRECTORY, "10.0.0.1").build());
    watch.start();
    cluster.isOverloaded(3);
    Awaitility.await().until(() -> watch.failures() > 0);
    long asked = cluster.asked().count();
    Awaitility.await().during(Duration.ofSeconds(2)).until(() -> cluster.asked().count() == asked);
    cluster.answers(0);
    cluster.apply(slice("b", DIRECTORY, "10.0.0.2").build());
    awaitDirectories("http://10.0.0.1:8081", "http://10.0.0.2:8081");
  }

  @Test
  void whileTheApiIsAwayTheKnownStay() {
    cluster.apply(slice("a", DIRECTORY, "10.0.0.1").build());
    watch.start();
    proxy.inject(new Fault.Refuse());
    Awaitility.await().until(() -> watch.failures() > 0);
    assertThat(instances.of(DIRECTORY)).hasSize(1);
    cluster.apply(slice("b", DIRECTORY, "10.0.0.2").build());
    proxy.heal();
    awaitDirectories("http://10.0.0.1:8081", "http://10.0.0.2:8081");
  }

  @Test
  void aWatchThatBreaksOffInAnEventIsTakenUpBeforeIt() {
    cluster.apply(slice("a", DIRECTORY, "10.0.0.1").build());
    watch.start();
    proxy.inject(new Fault.CutAfter(200));
    cluster.apply(slice("b", DIRECTORY, "10.0.0.2").build());
    Awaitility.await().until(() -> watch.failures() > 0);
    proxy.heal();
    awaitDirectories("http://10.0.0.1:8081", "http://10.0.0.2:8081");
  }

  @Test
  void aStartWithoutAnApiGoesOnAndTheInstancesComeLater() {
    cluster.apply(slice("a", DIRECTORY, "10.0.0.1").build());
    proxy.inject(new Fault.Silence());
    watch.start();
    assertThat(instances.of(DIRECTORY)).isEmpty();
    proxy.heal();
    awaitDirectories("http://10.0.0.1:8081");
  }

  @Test
  void aSlowApiIsWaitedFor() {
    proxy.inject(new Fault.Delay(Duration.ofMillis(300)));
    cluster.apply(slice("a", DIRECTORY, "10.0.0.1").build());
    watch.start();
    awaitDirectories("http://10.0.0.1:8081");
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403})
  void aStartThatIsNotAllowedSaysWhatToDo(int status) {
    cluster.answers(status);
    assertThatThrownBy(() -> watch.start())
        .isInstanceOf(StartupProblem.class)
        .hasMessageContaining("does not let this service list EndpointSlices of namespace membrane")
        .extracting(e -> ((StartupProblem) e).action())
        .asString()
        .contains("membrane.discovery.by=urls");
  }
}
