package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.cli.fleet.Member;
import io.membrane.fixture.CertificateAuthority;
import io.membrane.fixture.CertificateAuthority.Identity;
import io.membrane.fixture.RedisProcess;
import io.membrane.helm.Chart;
import io.membrane.helm.Manifests;
import io.membrane.system.SecuredFleet.Caller;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The services start from what the chart makes, and answer. */
class ChartStartTest {

  private static final String PASSWORD = "of-redis";
  private static final String FRAGMENT = "/v1/fragments/" + "5".repeat(64) + "/attn.0-1.0of1";
  private static final String DIRECT =
      "https://membrane-fragment-service-0.membrane-fragment-service-pods.llm.svc:8092";
  private static final Map<String, Object> PROMPT =
      Map.of("tokens", new Random(1).longs(300, 0, TestFleet.VOCABULARY).toArray());

  @TempDir private Path folder;
  private Path secrets;

  @BeforeEach
  void makeRoom() throws IOException {
    secrets = Files.createDirectory(folder.resolve("secrets"));
  }

  @Test
  void withTheLeastValuesAllGetReadyAndAPromptIsReused() {
    Manifests manifests =
        rendered(
            Map.of("gateway.security.anonymous", true, "redis.internal.withoutPassword", true));
    PodNetwork network = new PodNetwork(manifests, folder.resolve("hosts"));
    try (RedisProcess redis = RedisProcess.embedded();
        ChartFleet fleet = new ChartFleet(manifests, network, folder)) {
      fleet.start(redis);
      Http gateway = new Http(fleet.url(Member.GATEWAY, "http", "http"));
      isReused(() -> gateway.post("/v1/contexts", PROMPT));
    }
  }

  @Test
  void withCertificatesSecretsAndTheDirectPortTheyDoToo() throws IOException {
    Manifests manifests =
        rendered(
            Map.of(
                "gateway.security.bootstrapKey.existingSecret",
                "admin",
                "redis.password.existingSecret",
                "redis",
                "tls.enabled",
                true,
                "tls.certManager.issuerRef.name",
                "fleet",
                "fragment.direct.enabled",
                true,
                "fragment.direct.secret.existingSecret",
                "direct"));
    PodNetwork network = new PodNetwork(manifests, folder.resolve("hosts"));
    CertificateAuthority authority = new CertificateAuthority("fleet");
    manifests
        .certificates()
        .forEach((secret, names) ->
            authority.issueAt(
                secrets.resolve(secret), network.of(names.getFirst()), ofFirstPod(secret, names)));
    secret("admin", "admin-key", SecuredFleet.ADMIN);
    secret("redis", "password", PASSWORD);
    secret("direct", "direct-secret", "0123456789abcdef".repeat(4));
    Identity ofRedis = authority.issue(folder.resolve("redis"), "membrane-redis");
    SSLContext tls = authority.issue(folder.resolve("caller"), "caller").context();
    try (RedisProcess redis = RedisProcess.overTls(ofRedis, "--requirepass", PASSWORD);
        ChartFleet fleet = new ChartFleet(manifests, network, folder)) {
      fleet.start(redis);
      Http gateway = new Http(fleet.url(Member.GATEWAY, "https", "http"), tls);
      Caller caller = new Caller(gateway, key(gateway));
      isReused(() -> caller.post("/v1/contexts", PROMPT));
      Http direct = new Http(fleet.url(Member.FRAGMENT, "https", "direct"), tls);
      assertThat(direct.get(FRAGMENT).status()).isEqualTo(401);
      JsonNode token = caller.post("/v1/fragment-tokens", Map.of()).json();
      assertThat(token.at("/nodes/0/url").asString()).isEqualTo(DIRECT);
      Caller engine = new Caller(direct, token.get("token").asString());
      assertThat(engine.put(FRAGMENT, new byte[64]).status()).isEqualTo(201);
    }
  }

  /** The builder of certificates takes no wildcard. */
  private static String[] ofFirstPod(String secret, List<String> names) {
    String pod = secret.replaceFirst("tls$", "0");
    return names.stream().map(name -> name.replace("*", pod)).toArray(String[]::new);
  }

  private void secret(String name, String key, String content) throws IOException {
    Files.writeString(Files.createDirectories(secrets.resolve(name)).resolve(key), content + "\n");
  }

  private static String key(Http gateway) {
    Map<String, Object> wanted =
        Map.of("tenant", "team-c", "name", "an engine", "scopes", List.of("read", "write"));
    return new Caller(gateway, SecuredFleet.ADMIN)
        .post("/v1/keys", wanted)
        .json()
        .get("key")
        .asString();
  }

  private static Manifests rendered(Map<String, Object> values) {
    Map<String, Object> all = Map.of();
    for (Map.Entry<String, Object> one : values.entrySet()) {
      all = Chart.set(all, one.getKey(), one.getValue());
    }
    return Chart.with(all);
  }

  /** The second time, or later: on a busy machine what is known may come too late to be used. */
  private static void isReused(Supplier<Http.Answer> prompt) {
    assertThat(reused(prompt.get())).isZero();
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() -> assertThat(reused(prompt.get())).isEqualTo(256));
  }

  private static int reused(Http.Answer answer) {
    return answer.as(ContextResponse.class).coverage().reusedTokens();
  }
}
