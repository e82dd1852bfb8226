package io.membrane.kubernetes;

import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.Pair;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import okhttp3.Call;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Calls to the Kubernetes API, each made once and read as JSON: client-java's own types would
 * refuse every field that a newer Kubernetes adds. Thread-safe; blocks for the client's timeout.
 */
public final class KubernetesApi {

  private static final int MAX_BODY = 32 * 1024 * 1024;
  private static final int MAX_EVENT_CHARS = 4 * 1024 * 1024;
  private static final JsonMapper JSON = JsonMapper.shared();

  private final ApiClient client;

  /** Calls nobody. */
  public KubernetesApi(ApiClient client) {
    this.client = client;
  }

  /**
   * What the API answered.
   *
   * @param status of HTTP
   * @param retryAfter as the API asks for it; zero if it does not
   * @param body empty unless the status is 2xx
   */
  public record Answer(int status, Duration retryAfter, JsonNode body) {

    public boolean isOk() {
      return status / 100 == 2;
    }

    /** Whether it refuses, and will until somebody allows it. */
    public boolean isRefusal() {
      return status == 401 || status == 403;
    }
  }

  /** Ends what is under way, which then fails. */
  public void cancel() {
    client.getHttpClient().dispatcher().cancelAll();
  }

  /** Where it is, for messages. */
  public String where() {
    return client.getBasePath();
  }

  /**
   * Makes a call.
   *
   * @param path with its leading slash
   * @param body JSON, or null for none
   * @throws IOException if it does not answer in time, or not as a Kubernetes API does
   */
  public Answer call(String method, String path, Map<String, String> query, @Nullable JsonNode body)
      throws IOException {
    Call call = prepared(client, method, path, query, body);
    try (Response response = (body == null ? call : once(call)).execute()) {
      byte[] bytes = response.body().byteStream().readNBytes(MAX_BODY);
      return answer(response, response.isSuccessful() ? read(bytes) : JSON.createObjectNode());
    }
  }

  /**
   * Reads a watch until the API ends it, {@code event} is false, or {@code length} is over.
   *
   * @param event takes each event in its turn, and says whether to go on
   * @return the answer that the watch began with, without a body
   * @throws IOException if it breaks off
   */
  public Answer watch(
      String path, Map<String, String> query, Duration length, Predicate<JsonNode> event)
      throws IOException {
    try (Response response = watching(path, query, length).execute()) {
      if (response.isSuccessful()) {
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(response.body().byteStream(), StandardCharsets.UTF_8));
        String line = line(lines);
        while (line != null && event.test(read(line.getBytes(StandardCharsets.UTF_8)))) {
          line = line(lines);
        }
      }
      return answer(response, JSON.createObjectNode());
    }
  }

  /** OkHttp would send a write again whose answer was lost. */
  private Call once(Call call) {
    return client
        .getHttpClient()
        .newBuilder()
        .retryOnConnectionFailure(false)
        .build()
        .newCall(call.request());
  }

  /** The client's timeouts are those of short calls; this one is as long as it is asked to be. */
  private Call watching(String path, Map<String, String> query, Duration length)
      throws IOException {
    return client
        .getHttpClient()
        .newBuilder()
        .callTimeout(length)
        .readTimeout(length)
        .build()
        .newCall(prepared(client, "GET", path, query, null).request());
  }

  private static @Nullable String line(BufferedReader lines) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = lines.read(); c != '\n'; c = lines.read()) {
      if (c < 0) {
        return line.isEmpty() ? null : line.toString();
      }
      if (line.length() == MAX_EVENT_CHARS) {
        throw new IOException("an event is longer than " + MAX_EVENT_CHARS + " characters");
      }
      line.append((char) c);
    }
    return line.toString();
  }

  private static Call prepared(
      ApiClient client,
      String method,
      String path,
      Map<String, String> query,
      @Nullable JsonNode body)
      throws IOException {
    List<Pair> pairs = new ArrayList<>();
    query.forEach((name, value) -> pairs.add(new Pair(name, value)));
    Map<String, String> headers = new HashMap<>();
    headers.put("Accept", "application/json");
    headers.put("Content-Type", "application/json");
    try {
      return client.buildCall(
          client.getBasePath(),
          path,
          method,
          pairs,
          List.of(),
          body == null ? null : JSON.writeValueAsBytes(body),
          headers,
          new HashMap<>(),
          new HashMap<>(),
          new String[] {"BearerToken"},
          null);
    } catch (ApiException | RuntimeException e) {
      // client-java reports an unreadable service account token as a plain RuntimeException.
      throw new IOException("it cannot be asked: " + e.getMessage(), e);
    }
  }

  private static Answer answer(Response response, JsonNode body) {
    return new Answer(response.code(), retryAfter(response.header("Retry-After")), body);
  }

  private static Duration retryAfter(@Nullable String seconds) {
    try {
      return seconds == null ? Duration.ZERO : Duration.ofSeconds(Long.parseLong(seconds.strip()));
    } catch (NumberFormatException | ArithmeticException e) {
      return Duration.ZERO;
    }
  }

  private static JsonNode read(byte[] bytes) throws IOException {
    try {
      JsonNode read = JSON.readTree(bytes);
      if (read == null || !read.isObject()) {
        throw new IOException("what answers there is no Kubernetes API: it sends no object");
      }
      return read;
    } catch (JacksonException e) {
      throw new IOException(
          "what answers there is no Kubernetes API: " + e.getOriginalMessage(), e);
    }
  }
}
