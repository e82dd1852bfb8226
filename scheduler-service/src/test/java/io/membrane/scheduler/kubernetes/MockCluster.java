package io.membrane.scheduler.kubernetes;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A namespace {@code membrane} on a Kubernetes mock server, with the workloads {@code prefill} and
 * {@code decode}. Its controllers act when they are told to, as a Deployment's do: surplus pods
 * terminate, keep their accelerator, and are gone when they have drained.
 */
public final class MockCluster implements AutoCloseable {

  public static final String NAMESPACE = "membrane";
  private static final String DRAINING = "membrane.test/draining";

  /** Held, so that the level stays: a line for each request is too much. */
  private static final Logger SERVER_LOG = Logger.getLogger(MockWebServer.class.getName());

  static {
    SERVER_LOG.setLevel(Level.WARNING);
  }

  final ScaleDispatcher requests = new ScaleDispatcher();
  private final KubernetesMockServer server;
  private final KubernetesClient client;
  private int podsMade;

  public MockCluster() {
    server =
        new KubernetesMockServer(
            new Context(), new MockWebServer(), new HashMap<>(), requests, false);
    server.init(InetAddress.getLoopbackAddress(), 0);
    client = server.createClient();
  }

  public int port() {
    return server.getPort();
  }

  public MockCluster withDeployment(String name, int replicas) {
    return with("Deployment", name, replicas);
  }

  MockCluster withStatefulSet(String name, int replicas) {
    return with("StatefulSet", name, replicas);
  }

  private MockCluster with(String kind, String name, int replicas) {
    client
        .resource(
            """
            apiVersion: apps/v1
            kind: %s
            metadata: {name: %s, namespace: %s}
            spec: {replicas: %d, selector: {matchLabels: {app: %s}}}
            status: {replicas: %d}
            """
                .formatted(kind, name, NAMESPACE, replicas, name, replicas))
        .create();
    runControllers();
    return this;
  }

  /** The workloads get the pods that they lack, and tell their surplus ones to end. */
  public void runControllers() {
    for (Deployment deployment :
        client.apps().deployments().inNamespace(NAMESPACE).list().getItems()) {
      follow(deployment.getMetadata().getName(), deployment.getSpec().getReplicas());
      setStatus(deployment.getMetadata().getName(), deployment.getSpec().getReplicas());
    }
    for (StatefulSet set : client.apps().statefulSets().inNamespace(NAMESPACE).list().getItems()) {
      follow(set.getMetadata().getName(), set.getSpec().getReplicas());
      set.getStatus().setReplicas(set.getSpec().getReplicas());
      client.resource(set).updateStatus();
    }
  }

  private void follow(String workload, int replicas) {
    List<Pod> running = pods(workload).stream().filter(pod -> !pod.isMarkedForDeletion()).toList();
    for (int i = running.size(); i < replicas; i++) {
      client
          .resource(
              new PodBuilder()
                  .withNewMetadata()
                  .withName(workload + "-" + podsMade++)
                  .withNamespace(NAMESPACE)
                  .addToLabels("app", workload)
                  .addToFinalizers(DRAINING)
                  .endMetadata()
                  .withNewStatus()
                  .withPhase("Running")
                  .endStatus()
                  .build())
          .create();
    }
    running.stream().skip(replicas).forEach(pod -> client.resource(pod).delete());
  }

  /** The terminating pods have drained and are gone. */
  public void finishDraining() {
    client.pods().inNamespace(NAMESPACE).list().getItems().stream()
        .filter(HasMetadata::isMarkedForDeletion)
        .forEach(pod ->
            client
                .resource(pod)
                .edit(draining -> {
                  draining.getMetadata().setFinalizers(List.of());
                  return draining;
                }));
  }

  /** What the controller last counted. */
  void setStatus(String deployment, int replicas) {
    client
        .apps()
        .deployments()
        .inNamespace(NAMESPACE)
        .withName(deployment)
        .editStatus(edited -> {
          edited.getStatus().setReplicas(replicas);
          return edited;
        });
  }

  /** A pod's processes end, and nobody has removed it. */
  void endPod(String pod, String phase) {
    client
        .pods()
        .inNamespace(NAMESPACE)
        .withName(pod)
        .edit(edited -> {
          edited.getStatus().setPhase(phase);
          return edited;
        });
  }

  List<Pod> pods(String workload) {
    return client.pods().inNamespace(NAMESPACE).withLabel("app", workload).list().getItems();
  }

  public int replicas(String deployment) {
    return client
        .apps()
        .deployments()
        .inNamespace(NAMESPACE)
        .withName(deployment)
        .get()
        .getSpec()
        .getReplicas();
  }

  void scaleByHand(String deployment, int replicas) {
    client
        .apps()
        .deployments()
        .inNamespace(NAMESPACE)
        .withName(deployment)
        .edit(edited -> {
          edited.getSpec().setReplicas(replicas);
          return edited;
        });
  }

  /** A kubeconfig that leads to {@code port}, as kubectl writes it. */
  public static Path kubeconfig(Path directory, int port) throws java.io.IOException {
    return Files.writeString(
        directory.resolve("kubeconfig-" + port),
        """
        apiVersion: v1
        kind: Config
        current-context: test
        contexts:
        - name: test
          context: {cluster: test, user: scheduler}
        clusters:
        - name: test
          cluster: {server: "http://127.0.0.1:%d"}
        users:
        - name: scheduler
          user: {token: let-me-in}
        """
            .formatted(port));
  }

  @Override
  public void close() {
    client.close();
    server.destroy();
  }
}
