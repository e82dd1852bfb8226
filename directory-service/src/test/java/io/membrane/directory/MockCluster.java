package io.membrane.directory;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The API of a Kubernetes cluster, with the objects that a test creates. */
final class MockCluster implements AutoCloseable {

  /** Held, so that the level stays: a line for each request is too much. */
  private static final Logger SERVER_LOG = Logger.getLogger(MockWebServer.class.getName());

  private final Answers answers = new Answers();
  private final KubernetesMockServer server =
      new KubernetesMockServer(new Context(), new MockWebServer(), new HashMap<>(), answers, false);

  /** Of the test. */
  final KubernetesClient client;

  /** The mock server's objects, unless it is told to answer otherwise. */
  private static final class Answers extends KubernetesCrudDispatcher {
    private volatile int status;

    @Override
    public MockResponse dispatch(RecordedRequest request) {
      boolean isTheDirectorys = "Bearer let-me-in".equals(request.getHeader("Authorization"));
      return status != 0 && isTheDirectorys
          ? new MockResponse().setResponseCode(status).setBody("{}")
          : super.dispatch(request);
    }
  }

  MockCluster() {
    SERVER_LOG.setLevel(Level.WARNING);
    server.init(InetAddress.getLoopbackAddress(), 0);
    client = server.createClient();
  }

  /** Every call of the directory is answered so from now on; 0 for what is true. */
  void answers(int status) {
    answers.status = status;
  }

  /** A configuration file by which a directory finds it. */
  Path kubeconfig(Path folder) throws IOException {
    return Files.writeString(
        folder.resolve("kubeconfig"),
        """
        apiVersion: v1
        kind: Config
        current-context: test
        contexts:
        - name: test
          context: {cluster: test, user: directory}
        clusters:
        - name: test
          cluster: {server: "http://127.0.0.1:%d"}
        users:
        - name: directory
          user: {token: let-me-in}
        """
            .formatted(server.getPort()));
  }

  @Override
  public void close() {
    client.close();
    server.destroy();
  }
}
