package io.membrane.gateway;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.membrane.rpc.Problem;
import io.membrane.rpc.ServiceClients;
import io.membrane.rpc.WireJson;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalManagementPort;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** One gateway and its five backends for all tests of the module. */
@SpringBootTest(
    webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
    properties = {
      "membrane.gateway.security.anonymous=true",
      "management.server.port=0",
      "membrane.client.open-for=200ms",
      "membrane.gateway.max-silence=2s",
      "membrane.gateway.refresh=1h",
      "management.tracing.export.enabled=true"
    })
abstract class GatewayTest {

  private static final Map<String, Backend> BACKENDS = new LinkedHashMap<>();

  static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @LocalServerPort int port;

  @LocalManagementPort int managementPort;

  @DynamicPropertySource
  static void peers(DynamicPropertyRegistry registry) {
    for (String name :
        new String[] {
          "directory-service",
          "fragment-service",
          "reconstruction-service",
          "scheduler-service",
          "compute-worker"
        }) {
      Backend backend = BACKENDS.computeIfAbsent(name, Backend::new);
      registry.add("membrane.client.peers." + name, backend::url);
    }
  }

  @BeforeEach
  void allIsWell(@Autowired ServiceClients resilience) {
    resilience.circuitBreakers().getAllCircuitBreakers().forEach(CircuitBreaker::reset);
    BACKENDS.values().forEach(Backend::reset);
  }

  static Backend backend(String service) {
    return Objects.requireNonNull(BACKENDS.get(service), service);
  }

  URI uri(String pathAndQuery) {
    return URI.create("http://127.0.0.1:" + port + pathAndQuery);
  }

  HttpRequest.Builder request(String pathAndQuery) {
    return HttpRequest.newBuilder(uri(pathAndQuery)).timeout(Duration.ofSeconds(30));
  }

  static HttpResponse<String> send(HttpRequest.Builder request) {
    try {
      return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  HttpResponse<String> get(String pathAndQuery) {
    return send(request(pathAndQuery));
  }

  HttpResponse<String> manage(String pathAndQuery) {
    return send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + managementPort + pathAndQuery))
            .timeout(Duration.ofSeconds(30)));
  }

  static Problem problem(HttpResponse<String> answer) {
    return WireJson.mapper().readValue(answer.body(), Problem.class);
  }
}
