package io.membrane.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import io.membrane.fixture.RedisProcess;
import io.membrane.rpc.WireJson;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.data.redis.core.StringRedisTemplate;
import tools.jackson.databind.JsonNode;

class IdentityTest {

  private static @Nullable RedisProcess redis;
  private static @Nullable Backend backend;
  private static @Nullable Issuer issuer;
  private static @Nullable SecuredGateway started;

  @BeforeAll
  static void start(@TempDir Path folder) {
    redis = RedisProcess.embedded();
    backend = new Backend("service");
    issuer = new Issuer();
    started =
        new SecuredGateway(
            backend,
            folder,
            "spring.data.redis.url=" + redis.url(),
            "membrane.gateway.security.issuer=" + issuer.url(),
            "membrane.gateway.security.audience=membrane");
  }

  @AfterAll
  static void stop() throws Exception {
    for (AutoCloseable each : Stream.of(started, issuer, backend, redis).toList()) {
      if (each != null) {
        each.close();
      }
    }
  }

  @BeforeEach
  void nothingSeen() {
    gateway().backend().reset();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/", "/v1/models", "/v1/keys", "/v3/api-docs", "/v1/nothing", "/actuator/health"})
  void whoShowsNothingIsToldWhatToSend(String path) {
    HttpResponse<String> answer = gateway().get(path);

    problem(answer, 401, "unauthenticated");
    assertThat(answer.body()).contains("Authorization: Bearer");
    assertThat(answer.headers().firstValue("WWW-Authenticate").orElse("")).startsWith("Bearer");
    assertThat(gateway().backend().seen()).isEmpty();
  }

  @Test
  void aKeyActsForItsTenantWithinItsScopes() {
    String key = gateway().key("team-a", "read");

    assertThat(gateway().as(key, "GET", "/v1/models").statusCode()).isEqualTo(200);
    assertThat(gateway().backend().seen().getFirst().headers())
        .containsEntry("membrane-tenant", "team-a")
        .doesNotContainKey("authorization");
    problem(gateway().as(key, "DELETE", "/v1/fragments/ab/attn.0-1.0of1"), 403, "forbidden");
    problem(gateway().as(key, "GET", "/v1/keys"), 403, "forbidden");
    problem(gateway().as(key, "GET", "/v1/directory/nothing"), 403, "forbidden");
    assertThat(gateway().backend().seen()).hasSize(1);
  }

  @Test
  void anotherTenantsPathsTakeAnAdministrator() {
    String key = gateway().key("team-a", "read");

    assertThat(gateway().as(key, "GET", "/v1/tenants/team-a/usage").statusCode()).isEqualTo(200);
    problem(gateway().as(key, "GET", "/v1/tenants/team-b/usage"), 403, "forbidden");
    problem(gateway().as(key, "GET", "/v1/%74enants/team-b/usage"), 403, "forbidden");
    problem(gateway().as(key, "PUT", "/v1/tenants/team-a/policy"), 403, "forbidden");
    assertThat(gateway().as(SecuredGateway.ADMIN, "GET", "/v1/tenants/team-b/usage").statusCode())
        .isEqualTo(200);
  }

  @Test
  void aForgedTenantHeaderChangesNothing() {
    String key = gateway().key("team-a", "read");

    gateway()
        .send(
            HttpRequest.newBuilder(gateway().uri("/v1/models"))
                .header("Authorization", "Bearer " + key)
                .header("Membrane-Tenant", "team-b")
                .header("Forwarded", "for=1.2.3.4"));

    assertThat(gateway().backend().seen().getFirst().headers())
        .containsEntry("membrane-tenant", "team-a")
        .doesNotContainKey("forwarded");
  }

  @Test
  void whatIsStoredOfAKeyDoesNotLetAnybodyIn() {
    String key = gateway().key("team-a", "read");
    String secret = key.substring(key.indexOf('_', 4) + 1);

    String list = gateway().as(SecuredGateway.ADMIN, "GET", "/v1/keys").body();

    assertThat(list).doesNotContain(secret).contains("team-a").doesNotContain("sha256");
    assertThat(rawKeys()).doesNotContain(secret).contains("sha256");
  }

  @Test
  void aRevokedKeyIsRefusedHereAtOnce() {
    String key = gateway().key("team-a", "read");
    String id = key.split("_", 3)[1];
    assertThat(gateway().as(key, "GET", "/v1/models").statusCode()).isEqualTo(200);
    JsonNode known =
        SecuredGateway.json(gateway().as(SecuredGateway.ADMIN, "GET", "/v1/keys/" + id));
    assertThat(known.get("last_used").asString()).matches("\\d{4}-\\d\\d-\\d\\d");

    assertThat(gateway().as(SecuredGateway.ADMIN, "DELETE", "/v1/keys/" + id).statusCode())
        .isEqualTo(204);

    problem(gateway().as(key, "GET", "/v1/models"), 401, "unauthenticated");
    problem(gateway().as(SecuredGateway.ADMIN, "DELETE", "/v1/keys/" + id), 404, "not_found");
  }

  @Test
  void aKeyEndsWhenItWasToEnd() {
    HttpResponse<String> made =
        gateway()
            .asAdmin(
                "POST",
                "/v1/keys",
                Map.of("tenant", "t", "name", "n", "scopes", List.of("read"), "expires_in_s", 1));
    String key = SecuredGateway.json(made).get("key").asString();

    await().until(() -> gateway().as(key, "GET", "/v1/models").statusCode() == 401);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mbr_bootstrap_0000000000000000000000000000000000000000000000000000000000000000",
        "mbr_nobody_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "mbr_",
        "mbr__",
        "nonsense",
        "a.b.c",
        "not one word",
        "",
        "eyJhbGciOiJub25lIn0.eyJ0ZW5hbnQiOiJ0ZWFtLWEifQ.",
      })
  void whatIsNoCredentialIsRefused(String credential) {
    problem(gateway().as(credential, "GET", "/v1/models"), 401, "unauthenticated");
    assertThat(gateway().backend().seen()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"tenant\":\"a b\",\"name\":\"n\",\"scopes\":[\"read\"]}|tenant",
        "{\"name\":\"n\",\"scopes\":[\"read\"]}|tenant",
        "{\"tenant\":\"t\",\"scopes\":[\"read\"]}|name",
        "{\"tenant\":\"t\",\"name\":\"n\"}|scopes",
        "{\"tenant\":\"t\",\"name\":\"n\",\"scopes\":[\"root\"]}|scopes",
        "{\"tenant\":\"t\",\"name\":\"n\",\"scopes\":[\"read\"],\"expires_in_s\":0}|expires_in_s",
      })
  void aKeyThatCannotBeMadeIsRefusedWithTheReason(String body, String reason) {
    HttpResponse<String> answer =
        gateway().asAdmin("POST", "/v1/keys", WireJson.mapper().readTree(body));

    problem(answer, 422, "impossible_request");
    assertThat(answer.body()).contains(reason);
  }

  @Test
  void aTokenOfTheIssuerActsForTheTenantThatItNames() {
    String token = issuer().sign(issuer().claims());

    assertThat(gateway().as(token, "GET", "/v1/models").statusCode()).isEqualTo(200);
    assertThat(gateway().backend().seen().getFirst().headers())
        .containsEntry("membrane-tenant", "team-a");
    problem(gateway().as(token, "POST", "/v1/contexts"), 403, "forbidden");
  }

  static Stream<Arguments> tokensNotToBelieve() {
    return Stream.of(
        token("has expired", c -> c.expirationTime(Date.from(Instant.now().minusSeconds(60)))),
        token("no expiry", c -> c.expirationTime(null)),
        token("not come", c -> c.notBeforeTime(Date.from(Instant.now().plusSeconds(120)))),
        token("another issuer", c -> c.issuer("https://elsewhere")),
        token("another audience", c -> c.audience("another")),
        token("names no tenant", c -> c.claim("tenant", null)),
        token("names no tenant", c -> c.claim("tenant", "a\nb")));
  }

  private static Arguments token(String reason, UnaryOperator<JWTClaimsSet.Builder> change) {
    return Arguments.of(reason, change);
  }

  @ParameterizedTest
  @MethodSource("tokensNotToBelieve")
  void aTokenThatIsNotToBeBelievedIsRefusedWithTheReason(
      String reason, UnaryOperator<JWTClaimsSet.Builder> change) {
    HttpResponse<String> answer =
        gateway().as(issuer().sign(change.apply(issuer().claims())), "GET", "/v1/models");

    problem(answer, 401, "unauthenticated");
    assertThat(answer.body()).contains(reason);
  }

  @Test
  void aTokenThatSomebodyElseSignedIsRefused() throws Exception {
    String forged =
        Issuer.sign(issuer().claims(), new RSAKeyGenerator(2048).keyID("k1").generate(), "k1");

    problem(gateway().as(forged, "GET", "/v1/models"), 401, "unauthenticated");
  }

  @Test
  void whatAdministratorsDoAndWhoIsRefusedIsInTheAuditLog() {
    try (AuditLines audit = new AuditLines(gateway())) {
      String key = gateway().key("team-a", "read");
      JsonNode made = audit.line(1);
      assertThat(made.at("/made").asString()).isEqualTo("/v1/keys/" + key.split("_", 3)[1]);
      assertThat(made.get("principal").asString()).isEqualTo("mbr_bootstrap");
      assertThat(made.get("route").asString()).isEqualTo("/v1/keys");
      assertThat(made.get("status").asInt()).isEqualTo(201);

      gateway().as(key, "GET", "/v1/tenants/team-b/usage");
      JsonNode foreign = audit.line(2);
      assertThat(foreign.get("reason").asString()).isEqualTo("foreign_tenant");
      assertThat(foreign.get("target").asString()).isEqualTo("/v1/tenants/team-b/usage");
      assertThat(foreign.get("trace_id").asString()).isNotEmpty();

      gateway().as(key, "GET", "/v1/models");
      gateway().as("mbr_thief_" + "x".repeat(43), "GET", "/v1/models/%22,%22tenant%22:%22a%0d");
      gateway().as("mbr_thief_" + "x".repeat(43), "GET", "/v1/models/%22,%22status%22:200");
      JsonNode thief = audit.line(3);
      assertThat(thief.get("principal").asString()).isEqualTo("claimed:mbr_thief");
      assertThat(thief.get("tenant").asString()).isEmpty();
      assertThat(thief.get("status").asInt()).isEqualTo(401);

      assertThat(audit.lines())
          .hasSize(3)
          .allSatisfy(line ->
              assertThat(line).doesNotContain("\n").doesNotContain(key).doesNotContain("xxxxx"));
    }
  }

  @Test
  void refusalsAreCountedByReasonAndTenant() {
    String key = gateway().key("counted", "read");
    gateway().as(key, "POST", "/v1/contexts");

    await()
        .untilAsserted(() ->
            assertThat(gateway().manage("/actuator/prometheus").body())
                .contains(
                    "membrane_gateway_refused_total{reason=\"scope_missing\",tenant=\"counted\"} 1")
                .contains("membrane_gateway_anonymous 0"));
    assertThat(gateway().manage("/actuator/health/readiness").statusCode()).isEqualTo(200);
    assertThat(gateway().as(SecuredGateway.ADMIN, "GET", "/actuator/health").statusCode())
        .isEqualTo(404);
  }

  @Test
  void withoutRedisKeysAreUnavailableAndNotAPass() {
    String key = gateway().key("team-a", "read");
    Objects.requireNonNull(redis).pause();
    try {
      HttpResponse<String> answer = gateway().as(key, "GET", "/v1/models");
      problem(answer, 503, "dependency_unavailable");
      assertThat(answer.headers().firstValue("Retry-After")).isPresent();
      assertThat(gateway().backend().seen()).isEmpty();
      assertThat(gateway().as(SecuredGateway.ADMIN, "GET", "/v1/models").statusCode())
          .isEqualTo(200);
    } finally {
      Objects.requireNonNull(redis).resume();
    }
    await().until(() -> gateway().as(key, "GET", "/v1/models").statusCode() == 200);
  }

  private static String rawKeys() {
    return gateway()
        .bean(StringRedisTemplate.class)
        .opsForHash()
        .entries("membrane:gateway:keys")
        .toString();
  }

  private static void problem(HttpResponse<String> answer, int status, String code) {
    SecuredGateway.problem(status, code, answer);
  }

  private static SecuredGateway gateway() {
    return Objects.requireNonNull(started);
  }

  private static Issuer issuer() {
    return Objects.requireNonNull(issuer);
  }
}
