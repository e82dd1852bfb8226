package io.membrane.scheduler.kubernetes;

import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.util.ClientBuilder;
import io.kubernetes.client.util.KubeConfig;
import io.membrane.boot.StartupProblem;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The way to the Kubernetes API: a kubeconfig file, or the service account of this pod. */
final class ClusterConnection {

  private ClusterConnection() {}

  /**
   * Makes a client and calls nobody.
   *
   * @param timeout of a whole call: connecting, sending, waiting and reading
   * @throws StartupProblem if neither way is there
   */
  static ApiClient open(@Nullable Path kubeconfig, Duration timeout) {
    ApiClient client = kubeconfig == null ? inPod() : configured(kubeconfig);
    return client.setHttpClient(
        client
            .getHttpClient()
            .newBuilder()
            .callTimeout(timeout)
            .connectTimeout(timeout)
            .readTimeout(timeout)
            .writeTimeout(timeout)
            .build());
  }

  private static ApiClient inPod() {
    try {
      return ClientBuilder.cluster().build();
    } catch (IOException | RuntimeException e) {
      // client-java has a RuntimeException of its own for a token that is missing.
      StartupProblem problem =
          new StartupProblem(
              "membrane.scheduler.kubernetes.mode is not off, but this process has no service"
                  + " account of a Kubernetes pod",
              "Run it in a pod whose service account token is mounted, or set"
                  + " membrane.scheduler.kubernetes.kubeconfig to a file that leads to the cluster,"
                  + " or membrane.scheduler.kubernetes.mode=off.");
      problem.initCause(e);
      throw problem;
    }
  }

  private static ApiClient configured(Path file) {
    try (Reader reader = Files.newBufferedReader(file)) {
      KubeConfig config = KubeConfig.loadKubeConfig(reader);
      config.setFile(file.toFile());
      return ClientBuilder.kubeconfig(config).build();
    } catch (IOException | RuntimeException e) {
      // KubeConfig has a RuntimeException of its own for each way in which a file can be malformed.
      StartupProblem problem =
          new StartupProblem(
              "membrane.scheduler.kubernetes.kubeconfig is "
                  + file
                  + ", which cannot be used: "
                  + e,
              "Name a readable kubeconfig file with a current context, as kubectl uses it.");
      problem.initCause(e);
      throw problem;
    }
  }
}
