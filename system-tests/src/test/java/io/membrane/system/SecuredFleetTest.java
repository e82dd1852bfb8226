package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.cli.fleet.Fleet;
import io.membrane.cli.fleet.FleetPlan;
import io.membrane.cli.fleet.Member;
import io.membrane.cli.fleet.Progress;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.WireJson;
import io.membrane.system.Http.Answer;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A fleet that knows its callers: keys, and tokens of an issuer. */
class SecuredFleetTest {

  private static final String ADMIN = "mbr_bootstrap_" + "0123456789abcdef".repeat(4);

  private static @Nullable OidcIssuer issuer;
  private static @Nullable Fleet fleet;

  @BeforeAll
  static void start(@TempDir Path folder) throws IOException {
    Path key = Files.writeString(folder.resolve("admin.key"), ADMIN);
    issuer = new OidcIssuer();
    FleetPlan plan =
        FleetPlan.in(Path.of(System.getProperty("membrane.root")))
            .onFreePorts()
            .withState(Path.of("target", "secured-fleet"))
            .withModel(Path.of("models", "tiny-llama"), TestFleet.BLOCK_TOKENS);
    fleet =
        Fleet.start(
            plan.withArguments(
                Member.GATEWAY,
                "--spring.data.redis.url=redis://127.0.0.1:" + plan.port(Member.REDIS),
                "--membrane.gateway.security.bootstrap-key-file=" + key,
                "--membrane.gateway.security.issuer=" + issuer.url(),
                "--membrane.gateway.security.audience=membrane"),
            Progress.SILENT);
  }

  @AfterAll
  static void stop() {
    if (fleet != null) {
      fleet.close();
    }
    if (issuer != null) {
      issuer.close();
    }
  }

  @Test
  void strangersAreTurnedAwayFromEverything() {
    for (String path : List.of("/", "/v1/models", "/v1/keys", "/v3/api-docs", "/actuator/health")) {
      assertThat(http().get(path).problem(401).code()).isEqualTo("unauthenticated");
    }
    assertThat(as("mbr_bootstrap_" + "f".repeat(64)).get("/v1/models").status()).isEqualTo(401);
  }

  @Test
  void aKeysTenantReusesItsOwnPromptsAndNobodyElses() {
    Caller first = as(key("team-a", "read", "write"));
    Caller second = as(issuer().token("team-b", "membrane", "read write"));
    Map<String, Object> prompt =
        Map.of("tokens", LongStream.range(0, 300).map(i -> i * 7 % 1000).toArray());

    assertThat(context(first, prompt).coverage().reusedTokens()).isZero();
    assertThat(context(first, prompt).coverage().reusedTokens()).isGreaterThan(200);
    assertThat(context(second, prompt).coverage().reusedTokens()).isZero();
  }

  @Test
  void anotherTenantsFragmentIsNotFoundAndItsUsageForbidden() {
    Caller owner = as(key("owner", "read", "write"));
    Caller other = as(key("other", "read", "write"));
    Random random = new Random(1);
    String path = "/v1/fragments/" + Seeds.hash(random).hex() + "/attn.0-3.0of1";
    Answer put =
        owner
            .http()
            .send(
                owner
                    .request(path)
                    .header(
                        "Membrane-Namespace",
                        "{\"model\":\"m\",\"revision\":\"r\",\"kv_dtype\":\"f32\",\"block_tokens\":16}")
                    .header("Membrane-Parent", "root")
                    .header("Membrane-Token-Span", "0-16")
                    .PUT(BodyPublishers.ofByteArray(Seeds.bytes(random, 1000))));
    assertThat(put.status()).as(put.text()).isEqualTo(201);

    assertThat(owner.get(path).status()).isEqualTo(200);
    other.get(path).problem(404);
    Answer forged = other.http().send(other.request(path).header("Membrane-Tenant", "owner").GET());
    forged.problem(404);
    assertThat(owner.get("/v1/tenants/owner/usage").status()).isEqualTo(200);
    other.get("/v1/tenants/owner/usage").problem(403);
    assertThat(as(ADMIN).get("/v1/tenants/owner/usage").json().get("fragments").asInt()).isOne();
  }

  @Test
  void readersDoNotWriteAndTokensForOthersDoNotCount() {
    Caller reader = as(key("team-a", "read"));

    assertThat(reader.get("/v1/models").status()).isEqualTo(200);
    reader.post("/v1/contexts", Map.of("text", "x")).problem(403);
    reader.get("/v1/directory/feed").problem(403);
    as(issuer().token("team-a", "another", "read")).get("/v1/models").problem(401);
  }

  private static ContextResponse context(Caller caller, Map<String, Object> prompt) {
    return caller.post("/v1/contexts", prompt).as(ContextResponse.class);
  }

  private static String key(String tenant, String... scopes) {
    return as(ADMIN)
        .post("/v1/keys", Map.of("tenant", tenant, "name", "a test's", "scopes", List.of(scopes)))
        .json()
        .get("key")
        .asString();
  }

  /** Somebody with a credential. */
  private record Caller(Http http, String credential) {

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
  }

  private static Caller as(String credential) {
    return new Caller(http(), credential);
  }

  private static Http http() {
    return new Http(Objects.requireNonNull(fleet).url(Member.GATEWAY));
  }

  private static OidcIssuer issuer() {
    return Objects.requireNonNull(issuer);
  }
}
