package io.membrane.kubernetes;

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
public final class ClusterConnection {

  private ClusterConnection() {}

  /**
   * Makes a client and calls nobody.
   *
   * @param kubeconfig file whose current context leads to the cluster; null: this pod's account
   * @param timeout of a whole call: connecting, sending, waiting and reading
   * @param feature prefix of the properties that ask for it, for messages
   * @param off properties that do without it, for messages
   * @throws StartupProblem if neither way is there
   */
  public static ApiClient open(
      @Nullable Path kubeconfig, Duration timeout, String feature, String off) {
    ApiClient client = kubeconfig == null ? inPod(feature, off) : configured(kubeconfig, feature);
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

  private static ApiClient inPod(String feature, String off) {
    try {
      return ClientBuilder.cluster().build();
    } catch (IOException | RuntimeException e) {
      // client-java has a RuntimeException of its own for a token that is missing.
      throw because(
          feature + " is to be used, but this process has no service account of a Kubernetes pod",
          "Run it in a pod whose service account token is mounted, or set "
              + feature
              + ".kubeconfig to a file that leads to the cluster, or "
              + off
              + ".",
          e);
    }
  }

  private static ApiClient configured(Path file, String feature) {
    try (Reader reader = Files.newBufferedReader(file)) {
      KubeConfig config = KubeConfig.loadKubeConfig(reader);
      config.setFile(file.toFile());
      return ClientBuilder.kubeconfig(config).build();
    } catch (IOException | RuntimeException e) {
      // KubeConfig has a RuntimeException of its own for each way in which a file can be malformed.
      throw because(
          feature + ".kubeconfig is " + file + ", which cannot be used: " + e,
          "Name a readable kubeconfig file with a current context, as kubectl uses it.",
          e);
    }
  }

  private static StartupProblem because(String what, String instead, Exception cause) {
    StartupProblem problem = new StartupProblem(what, instead);
    problem.initCause(cause);
    return problem;
  }
}
