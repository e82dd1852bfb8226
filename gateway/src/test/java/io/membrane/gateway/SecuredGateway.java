package io.membrane.gateway;

import io.membrane.fixture.ServiceUnderTest;
import io.membrane.rpc.WireJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.springframework.core.env.Environment;

/** A gateway that knows its callers, before one backend that stands for every service. */
final class SecuredGateway extends ServiceUnderTest {

  static final String ADMIN = "mbr_bootstrap_" + "0123456789abcdef".repeat(4);

  private final Backend backend;

  SecuredGateway(Backend backend, Path folder, String... more) {
    super(GatewayApplication.class, properties(backend, folder, more));
    this.backend = backend;
  }

  private static String[] properties(Backend backend, Path folder, String... more) {
    Path file = folder.resolve("admin.key");
    try {
      Files.writeString(file, ADMIN + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Stream.of(
            Stream.of(
                "management.server.port=0",
                "spring.main.banner-mode=off",
                "membrane.gateway.security.bootstrap-key-file=" + file),
            Stream.of(
                    "directory-service",
                    "fragment-service",
                    "reconstruction-service",
                    "scheduler-service",
                    "compute-worker")
                .map(name -> "membrane.client.peers." + name + "=" + backend.url()),
            Stream.of(more))
        .flatMap(part -> part)
        .toArray(String[]::new);
  }

  Backend backend() {
    return backend;
  }

  HttpResponse<String> as(String credential, String method, String path) {
    return send(
        HttpRequest.newBuilder(uri(path))
            .header("Authorization", "Bearer " + credential)
            .method(method, BodyPublishers.noBody()));
  }

  HttpResponse<String> asAdmin(String method, String path, Object body) {
    return send(
        HttpRequest.newBuilder(uri(path))
            .header("Authorization", "Bearer " + ADMIN)
            .header("Content-Type", "application/json")
            .method(method, BodyPublishers.ofString(WireJson.mapper().writeValueAsString(body))));
  }

  /** A new key. */
  String key(String tenant, String... scopes) {
    return json(asAdmin(
            "POST",
            "/v1/keys",
            Map.of("tenant", tenant, "name", "a test's", "scopes", List.of(scopes))))
        .get("key")
        .asString();
  }

  HttpResponse<String> manage(String path) {
    String port = bean(Environment.class).getProperty("local.management.port", "");
    return send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)));
  }
}
