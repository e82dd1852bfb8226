package io.membrane.directory.kubernetes;

import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.membrane.boot.StartupProblem;
import io.membrane.kubernetes.ClusterConnection;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import okhttp3.Call;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Reads pods and Services. */
final class ClusterApi {

  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final int PAGE = 500;
  private static final int MAX_BODY = 32 * 1024 * 1024;
  private static final int FORBIDDEN = 403;
  private static final int UNAUTHORIZED = 401;

  private final ApiClient client;
  private final CoreV1Api core;

  /**
   * A way to the cluster; calls nobody.
   *
   * @throws StartupProblem if there is none
   */
  ClusterApi(KubernetesProperties properties) {
    this.client =
        ClusterConnection.open(
            properties.kubeconfig(),
            TIMEOUT,
            "membrane.directory.kubernetes",
            "membrane.directory.kubernetes.enabled=false and .peers.enabled=false");
    this.core = new CoreV1Api(client);
  }

  /**
   * The pods of a namespace that have a label, all of them.
   *
   * @throws StartupProblem if the API refuses to tell, and will until somebody allows it
   * @throws IOException if it does not answer, or something else does
   */
  List<PodList.Pod> pods(String namespace, String label) throws IOException {
    List<PodList.Pod> pods = new ArrayList<>();
    String from = null;
    do {
      var request = core.listNamespacedPod(namespace).labelSelector(label).limit(PAGE);
      var asked = from == null ? request : request._continue(from);
      PodList page = page(() -> asked.buildCall(null), PodList.class, "pods", namespace);
      pods.addAll(page.pods());
      from = page.next();
    } while (from != null);
    return pods;
  }

  /** As {@link #pods}, Services. */
  List<ServiceList.Service> services(String namespace, String label) throws IOException {
    List<ServiceList.Service> services = new ArrayList<>();
    String from = null;
    do {
      var request = core.listNamespacedService(namespace).labelSelector(label).limit(PAGE);
      var asked = from == null ? request : request._continue(from);
      ServiceList page =
          page(() -> asked.buildCall(null), ServiceList.class, "services", namespace);
      services.addAll(page.services());
      from = page.next();
    } while (from != null);
    return services;
  }

  private interface Request {
    Call call() throws ApiException;
  }

  private <T> T page(Request request, Class<T> type, String what, String namespace)
      throws IOException {
    try (Response response = request.call().execute()) {
      byte[] body = response.body().byteStream().readNBytes(MAX_BODY);
      if (response.code() == UNAUTHORIZED || response.code() == FORBIDDEN) {
        throw refused(response.code(), what, namespace);
      }
      if (!response.isSuccessful()) {
        throw new IOException("it answers " + response.code());
      }
      @Nullable T page = JsonMapper.shared().readValue(body, type);
      if (page == null) {
        throw new IOException("it answers null");
      }
      return page;
    } catch (JacksonException | ApiException e) {
      throw new IOException("what answers there is no Kubernetes API: " + e.getMessage(), e);
    }
  }

  private StartupProblem refused(int code, String what, String namespace) {
    String off =
        "pods".equals(what)
            ? "membrane.directory.kubernetes.enabled=false."
            : "membrane.directory.kubernetes.peers.enabled=false.";
    return new StartupProblem(
        "the Kubernetes API at %s does not let the directory list %s of namespace %s (%d)"
            .formatted(client.getBasePath(), what, namespace, code),
        code == FORBIDDEN
            ? "Allow the verb list on "
                + what
                + " in that namespace to this service account (a Role and a RoleBinding), or set "
                + off
            : "Renew the service account's token or the kubeconfig, or set " + off);
  }
}
