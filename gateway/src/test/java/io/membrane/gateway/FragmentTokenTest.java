package io.membrane.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.membrane.boot.StartupProblem;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.ServiceUnderTest;
import io.membrane.wire.FragmentTokens;
import io.membrane.wire.MembershipClient;
import io.membrane.wire.MembershipClient.Node;
import io.membrane.wire.MembershipClient.NodeState;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Tokens with which engines go past the gateway. */
@Timeout(60)
class FragmentTokenTest {

  private static final String SECRET = "0123456789abcdef".repeat(4);
  private static final String TOKENS = "/v1/fragment-tokens";

  @TempDir private Path folder;
  private final RedisProcess redis = RedisProcess.embedded();
  private final Backend backend = new Backend("all");
  private SecuredGateway gateway;

  @BeforeEach
  void start() throws IOException {
    Path file = Files.writeString(folder.resolve("direct.secret"), SECRET + "\n");
    backend.knows(
        node("n0", "http://fragment-0:8092", NodeState.LIVE),
        node("n1", null, NodeState.LIVE),
        node("n2", "http://fragment-2:8092", NodeState.LOST));
    gateway =
        new SecuredGateway(
            backend,
            folder,
            "spring.data.redis.url=" + redis.url(),
            "membrane.gateway.refresh=100ms",
            "membrane.gateway.limits.tenants.limited.requests-per-second=100",
            "membrane.gateway.direct.secret-file=" + file);
  }

  @AfterEach
  void end() {
    gateway.close();
    backend.close();
    redis.close();
  }

  @Test
  void itIsForTheCallersTenantAndScopesAndTellsTheNodesThatEnginesReach() throws Exception {
    String key = gateway.key("team-a", "read", "write", "engine");
    await()
        .untilAsserted(() ->
            assertThat(ServiceUnderTest.ok(ask(key, "")).at("/nodes/0/url").asString())
                .isEqualTo("http://fragment-0:8092"));

    HttpResponse<String> answer = ask(key, "");

    JsonNode made = ServiceUnderTest.ok(answer);
    assertThat(answer.headers().firstValue("Cache-Control")).hasValue("no-store");
    assertThat(made.get("nodes").size()).isOne();
    assertThat(made.at("/nodes/0/capacity_bytes").asLong()).isEqualTo(1 << 20);
    assertThat(made.get("tenant").asString()).isEqualTo("team-a");
    JWTClaimsSet claims = verified(made.get("token").asString());
    assertThat(claims.getAudience()).containsExactly(FragmentTokens.AUDIENCE);
    assertThat(claims.getIssuer()).isEqualTo(FragmentTokens.ISSUER);
    assertThat(claims.getStringClaim("tenant")).isEqualTo("team-a");
    assertThat(claims.getStringClaim("scope")).isEqualTo("read write");
    assertThat(claims.getExpirationTime().toInstant())
        .isBetween(Instant.now(), Instant.now().plus(Duration.ofMinutes(5)));
  }

  @Test
  void lessMayBeAskedFor() throws Exception {
    String key = gateway.key("team-a", "read", "write");

    JsonNode made = ServiceUnderTest.ok(ask(key, "{\"scopes\":[\"read\"],\"expires_in_s\":10}"));

    JWTClaimsSet claims = verified(made.get("token").asString());
    assertThat(claims.getStringClaim("scope")).isEqualTo("read");
    assertThat(claims.getExpirationTime().toInstant())
        .isBefore(Instant.now().plus(Duration.ofSeconds(11)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"scopes\":[\"write\"]}|403|forbidden",
        "{\"scopes\":[]}|422|impossible_request",
        "{\"scopes\":[\"admin\"]}|422|impossible_request",
        "{\"scopes\":[\"read\",\"engine\"]}|422|impossible_request",
        "{\"expires_in_s\":0}|422|impossible_request",
        "{\"expires_in_s\":301}|422|impossible_request",
        "{\"scopes\":1}|400|malformed_request",
      })
  void moreThanTheCallerHasIsRefused(String body, int status, String code) {
    ServiceUnderTest.problem(status, code, ask(gateway.key("team-a", "read"), body));
  }

  @Test
  void callersWithoutScopeOrWithLimitsOrUnknownGetNone() {
    ServiceUnderTest.problem(403, "forbidden", ask(gateway.key("team-a", "engine"), ""));
    assertThat(ServiceUnderTest.problem(403, "forbidden", ask(gateway.key("limited", "read"), "")))
        .contains("limits");
    ServiceUnderTest.problem(401, "unauthenticated", ask("mbr_1_2", ""));
  }

  @Test
  void aTenantThatIsGivenLimitsWhileTheGatewayRunsGetsNoMore() throws IOException {
    Path live =
        Files.writeString(
            folder.resolve("live.yaml"), "membrane.gateway.limits.min-body-rate: 1KB");
    gateway.close();
    gateway =
        new SecuredGateway(
            backend,
            folder,
            "spring.data.redis.url=" + redis.url(),
            "membrane.reload.file=" + live,
            "membrane.reload.every=500ms",
            "membrane.gateway.direct.secret-file=" + folder.resolve("direct.secret"));
    String key = gateway.key("team-a", "read");
    ServiceUnderTest.ok(ask(key, ""));

    Files.writeString(live, "membrane.gateway.limits.tenants.team-a.requests-per-second: 100");

    await().until(() -> ask(key, "").statusCode() == 403);
  }

  @Test
  void withoutASecretThereAreNoTokens() {
    try (SecuredGateway plain =
        new SecuredGateway(backend, folder, "spring.data.redis.url=" + redis.url())) {
      assertThat(
              ServiceUnderTest.problem(
                  422, "impossible_request", ask(plain, plain.key("t", "read"), "")))
          .contains("membrane.gateway.direct.secret-file");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "secret-file=/nowhere,openssl",
    "secret-file=/dev/null,openssl",
    "max-life=0s,5m",
    "max-life=2h,5m"
  })
  void settingsThatAreNoneStopTheStart(String setting, String advice) {
    assertThatThrownBy(
            () -> new SecuredGateway(backend, folder, "membrane.gateway.direct." + setting).close())
        .rootCause()
        .isInstanceOfSatisfying(
            StartupProblem.class, problem -> assertThat(problem.action()).contains(advice));
  }

  private HttpResponse<String> ask(String credential, String body) {
    return ask(gateway, credential, body);
  }

  private static HttpResponse<String> ask(SecuredGateway at, String credential, String body) {
    return at.send(
        HttpRequest.newBuilder(at.uri(TOKENS))
            .header("Authorization", "Bearer " + credential)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body)));
  }

  private static JWTClaimsSet verified(String token) throws Exception {
    SignedJWT jwt = SignedJWT.parse(token);
    assertThat(jwt.verify(new MACVerifier(SECRET))).isTrue();
    return jwt.getJWTClaimsSet();
  }

  private static Node node(String id, @Nullable String direct, NodeState state) {
    return new Node(
        id,
        MembershipClient.FRAGMENT,
        "local",
        "http://" + id + ":8082",
        1 << 20,
        null,
        1000,
        state,
        direct);
  }
}
