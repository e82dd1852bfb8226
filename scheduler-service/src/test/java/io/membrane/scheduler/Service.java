package io.membrane.scheduler;

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

  static final String SIMULATIONS = "/v1/simulations";
  static final String TRACES = "/v1/traces";

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
        SpringApplication.run(SchedulerApplication.class, arguments.toArray(String[]::new));
    this.base =
        URI.create(
            "http://127.0.0.1:"
                + context.getEnvironment().getRequiredProperty("local.server.port"));
  }

  URI uri(String path) {
    return base.resolve(path);
  }

  HttpResponse<String> get(String path) {
    return getAs(CallContext.DEFAULT_TENANT, path);
  }

  HttpResponse<String> getAs(String tenant, String path) {
    return send(HttpRequest.newBuilder(uri(path)).header(CallContext.TENANT_HEADER, tenant).GET());
  }

  HttpResponse<String> delete(String path) {
    return send(HttpRequest.newBuilder(uri(path)).DELETE());
  }

  HttpResponse<String> post(String path, String body) {
    return post(path, "application/json", BodyPublishers.ofString(body));
  }

  HttpResponse<String> post(String path, String type, HttpRequest.BodyPublisher body) {
    return send(HttpRequest.newBuilder(uri(path)).header("Content-Type", type).POST(body));
  }

  /** Uploads a trace. */
  HttpResponse<String> upload(String lines) {
    return post(TRACES, "application/x-ndjson", BodyPublishers.ofString(lines));
  }

  /** Starts a simulation; its path. */
  String start(String body) {
    HttpResponse<String> response = post(SIMULATIONS, body);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(202);
    return response.headers().firstValue("Location").orElseThrow();
  }

  /** Waits until a simulation has this status; its state then. */
  JsonNode await(String path, String status) {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptions()
        .until(() -> json(get(path)), state -> state.get("status").asString().equals(status));
  }

  HttpResponse<String> send(HttpRequest.Builder request) {
    try {
      return http.send(request.build(), BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** The detail of a problem with this status and code. */
  static String problem(int status, String code, HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    JsonNode problem = json(response);
    assertThat(problem.get("code").asString()).as(response.body()).isEqualTo(code);
    return problem.get("detail").asString();
  }

  static JsonNode json(HttpResponse<String> response) {
    assertThat(response.body()).as("%s", response).isNotEmpty();
    return JsonMapper.shared().readTree(response.body());
  }

  static JsonNode json(String text) {
    return JsonMapper.shared().readTree(text);
  }

  @Override
  public void close() {
    http.close();
    context.close();
  }
}
