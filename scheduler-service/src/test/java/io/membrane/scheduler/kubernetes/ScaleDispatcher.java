package io.membrane.scheduler.kubernetes;

import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.mockwebserver.http.Buffer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The mock server's objects, with the {@code scale} subresource that it lacks, requests on record,
 * and answers that can be made to fail.
 */
final class ScaleDispatcher extends KubernetesCrudDispatcher {

  private static final String SCALE = "/scale";
  private static final JsonMapper JSON = JsonMapper.shared();

  /** What the service under test asked, method and path. */
  record Asked(String method, String path, @Nullable String authorization) {}

  private record Fault(String method, String path, int status, String body) {}

  private final List<Asked> asked = new CopyOnWriteArrayList<>();
  private volatile @Nullable Fault fault;
  private volatile boolean editBeforeWrite;
  private volatile Runnable afterWrite = () -> {};

  /** Requests that carried the tests' kubeconfig token. */
  List<Asked> asked() {
    return asked.stream().filter(a -> "Bearer let-me-in".equals(a.authorization())).toList();
  }

  List<Asked> writes() {
    return asked().stream().filter(a -> !a.method().equals("GET")).toList();
  }

  /** From now on requests of this method whose path contains {@code path} are answered so. */
  void fail(String method, String path, int status, String body) {
    fault = new Fault(method, path, status, body);
  }

  /** Somebody else writes the workload between the reading and the next writing of its scale. */
  void editBeforeNextWrite() {
    editBeforeWrite = true;
  }

  /** Runs {@code loss} when the next write is done and not yet answered. */
  void loseNextWritesAnswer(Runnable loss) {
    afterWrite = loss;
  }

  void heal() {
    fault = null;
  }

  @Override
  public MockResponse dispatch(RecordedRequest request) {
    asked.add(
        new Asked(request.getMethod(), request.getPath(), request.getHeader("Authorization")));
    Fault f = fault;
    if (f != null
        && request.getMethod().equals(f.method())
        && request.getPath().contains(f.path())) {
      return new MockResponse().setResponseCode(f.status()).setBody(f.body());
    }
    if (!request.getPath().endsWith(SCALE)) {
      return super.dispatch(request);
    }
    String path = request.getPath().substring(0, request.getPath().length() - SCALE.length());
    return request.getMethod().equals("PUT") ? put(path, request) : get(path);
  }

  private MockResponse get(String path) {
    MockResponse found = handleGet(path);
    if (found.code() != 200) {
      return found;
    }
    JsonNode workload = JSON.readTree(found.getBody().getBytes());
    StringBuilder selector = new StringBuilder();
    for (Map.Entry<String, JsonNode> label :
        workload.at("/spec/selector/matchLabels").properties()) {
      selector
          .append(selector.isEmpty() ? "" : ",")
          .append(label.getKey())
          .append('=')
          .append(label.getValue().asString());
    }
    ObjectNode scale = JSON.createObjectNode();
    scale.put("apiVersion", "autoscaling/v1").put("kind", "Scale");
    scale.set("metadata", workload.get("metadata"));
    ObjectNode spec = scale.putObject("spec");
    int replicas = workload.at("/spec/replicas").asInt();
    if (replicas > 0) {
      spec.put("replicas", replicas);
    }
    scale
        .putObject("status")
        .put("replicas", workload.at("/status/replicas").asInt())
        .put("selector", selector.toString())
        .put("aFieldOfTomorrow", true);
    return found.setBody(JSON.writeValueAsBytes(scale));
  }

  private MockResponse put(String path, RecordedRequest request) {
    MockResponse found = handleGet(path);
    if (found.code() != 200) {
      return found;
    }
    JsonNode scale = JSON.readTree(request.getBody().getBytes());
    ObjectNode workload = (ObjectNode) JSON.readTree(found.getBody().getBytes());
    if (editBeforeWrite) {
      editBeforeWrite = false;
      update(path, request, workload.put("edited", "by somebody else"));
    }
    ((ObjectNode) Objects.requireNonNull(workload.get("spec")))
        .put("replicas", scale.at("/spec/replicas").asInt());
    ObjectNode metadata = (ObjectNode) Objects.requireNonNull(workload.get("metadata"));
    JsonNode version = scale.at("/metadata/resourceVersion");
    if (version.isString()) {
      metadata.set("resourceVersion", version);
    } else {
      metadata.remove("resourceVersion");
    }
    MockResponse written = update(path, request, workload);
    afterWrite.run();
    afterWrite = () -> {};
    return written.code() == 200 ? get(path) : written;
  }

  private MockResponse update(String path, RecordedRequest request, ObjectNode workload) {
    return super.dispatch(
        new RecordedRequest(
            request.getHttpVersion(),
            request.method(),
            path,
            request.getHeaders(),
            new Buffer(JSON.writeValueAsBytes(workload))));
  }
}
