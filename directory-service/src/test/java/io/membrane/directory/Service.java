package io.membrane.directory;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.rpc.CallContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The whole service on a free port, and a client of it. */
final class Service implements AutoCloseable {

  static final String MATCH = "/v1/directory/match";
  static final String LOCATE = "/v1/directory/locate";
  static final String EVENTS = "/v1/directory/events";
  static final String RESOLVE = "/v1/namespaces/resolve";

  private final HttpClient http = HttpClient.newHttpClient();
  private final ConfigurableApplicationContext context;
  private final URI base;

  Service(int redisPort, String... properties) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--server.port=0",
                "--server.address=127.0.0.1",
                "--spring.data.redis.url=redis://127.0.0.1:" + redisPort));
    for (String property : properties) {
      arguments.add("--" + property);
    }
    this.context =
        SpringApplication.run(DirectoryApplication.class, arguments.toArray(String[]::new));
    this.base =
        URI.create(
            "http://127.0.0.1:"
                + context.getEnvironment().getRequiredProperty("local.server.port"));
  }

  /** Defaults for all of a namespace but its revision: {@code tiny-llama}, f32, blocks of 4. */
  static Service ofTinyLlama(int redisPort, String... properties) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "membrane.directory.defaults.model=tiny-llama",
                "membrane.directory.defaults.kv-dtype=f32",
                "membrane.directory.defaults.block-tokens=4"));
    all.addAll(List.of(properties));
    return new Service(redisPort, all.toArray(String[]::new));
  }

  void awaitReady() {
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> get("/actuator/health/readiness").statusCode() == 200);
  }

  URI url() {
    return base;
  }

  HttpResponse<String> get(String path) {
    return send(HttpRequest.newBuilder(base.resolve(path)).GET());
  }

  HttpResponse<String> post(String path, String body) {
    return postAs(CallContext.DEFAULT_TENANT, path, body);
  }

  HttpResponse<String> postAs(String tenant, String path, String body) {
    return send(
        HttpRequest.newBuilder(base.resolve(path))
            .header("Content-Type", "application/json")
            .header(CallContext.TENANT_HEADER, tenant)
            .POST(BodyPublishers.ofString(body)));
  }

  /** The body of a 200. */
  JsonNode answer(String path, String body) {
    HttpResponse<String> response = post(path, body);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return json(response);
  }

  /** The body of a problem with this status and code. */
  String problem(int status, String code, String path, String body) {
    HttpResponse<String> response = post(path, body);
    assertThat(response.statusCode()).as(body + " -> " + response.body()).isEqualTo(status);
    JsonNode problem = json(response);
    assertThat(problem.get("code").asString()).as(response.body()).isEqualTo(code);
    assertThat(problem.get("detail").asString()).isNotBlank();
    return problem.get("detail").asString();
  }

  static JsonNode json(HttpResponse<String> response) {
    return json(response.body());
  }

  static JsonNode json(String text) {
    return JsonMapper.shared().readTree(text);
  }

  /** A body for {@link #EVENTS}. */
  static String batch(String node, String epoch, String sequence, String events) {
    return """
    {"node": "%s", "cluster": "c1", "epoch": %s, "sequence": %s, "events": [%s]}\
    """
        .formatted(node, epoch, sequence, events);
  }

  @Override
  public void close() {
    http.close();
    context.close();
  }

  private HttpResponse<String> send(HttpRequest.Builder request) {
    try {
      return http.send(request.build(), BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
