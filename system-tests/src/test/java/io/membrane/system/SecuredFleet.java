package io.membrane.system;

import io.membrane.cli.fleet.Fleet;
import io.membrane.cli.fleet.FleetPlan;
import io.membrane.cli.fleet.Member;
import io.membrane.cli.fleet.Progress;
import io.membrane.rpc.WireJson;
import io.membrane.system.Http.Answer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A fleet that knows its callers: keys, and tokens of an issuer. It is started once and ends with
 * the test run.
 */
final class SecuredFleet implements BeforeAllCallback, AutoCloseable {

  static final String ADMIN = "mbr_bootstrap_" + "0123456789abcdef".repeat(4);

  private static final Path STATE = Path.of("target", "secured-fleet");
  private static final SecuredFleet SHARED = new SecuredFleet();

  private @Nullable OidcIssuer issuer;
  private @Nullable Fleet fleet;

  static SecuredFleet shared() {
    return SHARED;
  }

  @Override
  public synchronized void beforeAll(ExtensionContext context) throws IOException {
    if (fleet == null) {
      Path key = Files.writeString(Files.createTempFile("admin", ".key"), ADMIN);
      issuer = new OidcIssuer();
      FleetPlan plan =
          FleetPlan.in(Path.of(System.getProperty("membrane.root")))
              .onFreePorts()
              .withState(STATE)
              .withModel(Path.of("models", "tiny-llama"), TestFleet.BLOCK_TOKENS);
      fleet =
          Fleet.start(
              plan.withArguments(
                  Member.GATEWAY,
                  "--spring.data.redis.url=redis://127.0.0.1:" + plan.port(Member.REDIS),
                  "--membrane.gateway.limits.slow-body-after=1s",
                  "--membrane.gateway.security.bootstrap-key-file=" + key,
                  "--membrane.gateway.security.issuer=" + issuer.url(),
                  "--membrane.gateway.security.audience=membrane"),
              Progress.SILENT);
      Files.delete(key);
      context.getRoot().getStore(ExtensionContext.Namespace.GLOBAL).put("secured", this);
    }
  }

  /** Called by JUnit when all tests have run. */
  @Override
  public void close() {
    Objects.requireNonNull(fleet).close();
    issuer().close();
  }

  OidcIssuer issuer() {
    return Objects.requireNonNull(issuer, "the fleet is started before the first test");
  }

  URI url() {
    return Objects.requireNonNull(fleet, "the fleet is started before the first test")
        .url(Member.GATEWAY);
  }

  /** A caller of the gateway's management port. */
  Http management() {
    return new Http(
        Objects.requireNonNull(fleet).state().of(Member.GATEWAY).orElseThrow().healthUrl());
  }

  /** What the gateway has written. */
  String log() {
    try {
      return Files.readString(Objects.requireNonNull(fleet).log(Member.GATEWAY));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A caller without a credential. */
  Http http() {
    return new Http(url());
  }

  Caller as(String credential) {
    return new Caller(http(), credential);
  }

  /** A new key of a tenant. */
  String key(String tenant, String... scopes) {
    return as(ADMIN)
        .post("/v1/keys", Map.of("tenant", tenant, "name", "a test's", "scopes", List.of(scopes)))
        .json()
        .get("key")
        .asString();
  }

  /** Somebody with a credential. */
  record Caller(Http http, String credential) {

    static final String NAMESPACE =
        "{\"model\":\"m\",\"revision\":\"r\",\"kv_dtype\":\"f32\",\"block_tokens\":16}";

    HttpRequest.Builder request(String path) {
      return http.request(path).header("Authorization", "Bearer " + credential);
    }

    Answer get(String path) {
      return http.send(request(path).GET());
    }

    Answer post(String path, Object body) {
      return http.send(
          request(path)
              .header("Content-Type", "application/json")
              .POST(BodyPublishers.ofByteArray(WireJson.mapper().writeValueAsBytes(body))));
    }

    /** Stores a fragment of 16 tokens behind no other. */
    Answer put(String path, byte[] payload) {
      return http.send(
          request(path)
              .header("Membrane-Namespace", NAMESPACE)
              .header("Membrane-Parent", "root")
              .header("Membrane-Token-Span", "0-16")
              .PUT(BodyPublishers.ofByteArray(payload)));
    }
  }
}
