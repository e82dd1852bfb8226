package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import io.membrane.block.FragmentKey;
import io.membrane.boot.StartupProblem;
import io.membrane.fixture.CertificateAuthority;
import io.membrane.fixture.CertificateAuthority.Identity;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.fixture.ServiceUnderTest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Engines at the port of their own. */
@Timeout(60)
class DirectPortTest {

  private static final String SECRET = GatewayTokens.SECRET;
  private static final String OLDER = "fedcba9876543210".repeat(4);
  private static final Duration FIVE_MINUTES = Duration.ofMinutes(5);

  private static @TempDir Path folder;
  private static @Nullable RedisProcess redis;
  private static @Nullable ServiceUnderTest running;

  private final HttpClient http = HttpClient.newHttpClient();
  private final FragmentKey key = FragmentHttp.key(new Random());
  private final byte[] kv = Seeds.bytes(new Random(), 5000);

  @BeforeAll
  static void start() throws IOException {
    redis = RedisProcess.embedded();
    running = service("membrane.fragment.direct.secret-file=" + secrets(SECRET + "\n" + OLDER));
  }

  @AfterAll
  static void stop() {
    if (running != null) {
      running.close();
    }
    if (redis != null) {
      redis.close();
    }
  }

  @Test
  void aTokensHolderStoresAndReadsInItsTenantsNameWhateverItClaims() throws Exception {
    String token = GatewayTokens.token("team-a", "read write", FIVE_MINUTES);

    assertThat(put(token).statusCode()).isEqualTo(201);
    assertThat(get(token).body()).isEqualTo(kv);

    HttpRequest.Builder forged = request(path(), token).header("Membrane-Tenant", "team-b");
    assertThat(send(forged.GET()).body()).isEqualTo(kv);
    assertThat(get(GatewayTokens.token("team-b", "read", FIVE_MINUTES)).statusCode())
        .isEqualTo(404);
    assertThat(service().getAs("team-a", path()).statusCode()).isEqualTo(200);
    assertThat(service().getAs("default", path()).statusCode()).isEqualTo(404);
  }

  @Test
  void theSecretBeforeIsBelievedToo() throws Exception {
    String token =
        GatewayTokens.signed(GatewayTokens.claims("team-a", "read", FIVE_MINUTES).build(), OLDER);

    assertThat(get(token).statusCode()).isEqualTo(404);
  }

  static Stream<String> tokensThatAreNone() throws JOSEException {
    JWTClaimsSet good = GatewayTokens.claims("team-a", "read write", FIVE_MINUTES).build();
    return Stream.of(
        "",
        "x.y.z",
        "mbr_1_2",
        GatewayTokens.signed(good, "another secret, of enough characters"),
        new PlainJWT(good).serialize(),
        GatewayTokens.token("team-a", "read", Duration.ofMinutes(-2)),
        GatewayTokens.token("no/tenant", "read", FIVE_MINUTES),
        GatewayTokens.signed(new JWTClaimsSet.Builder(good).audience("others").build(), SECRET),
        GatewayTokens.signed(new JWTClaimsSet.Builder(good).issuer("others").build(), SECRET),
        GatewayTokens.signed(new JWTClaimsSet.Builder(good).expirationTime(null).build(), SECRET),
        GatewayTokens.signed(new JWTClaimsSet.Builder(good).claim("tenant", null).build(), SECRET),
        GatewayTokens.signed(new JWTClaimsSet.Builder(good).claim("scope", null).build(), SECRET),
        GatewayTokens.signed(
            new JWTClaimsSet.Builder(good)
                .notBeforeTime(Date.from(Instant.now().plusSeconds(120)))
                .build(),
            SECRET));
  }

  @ParameterizedTest
  @MethodSource("tokensThatAreNone")
  void whoShowsNoTokenOfTheGatewayIsTurnedAway(String token) throws Exception {
    HttpResponse<byte[]> answer = get(token);

    assertThat(answer.statusCode()).isEqualTo(401);
    assertThat(text(answer)).contains("unauthenticated", "/v1/fragment-tokens");
    assertThat(answer.headers().firstValue("WWW-Authenticate")).isPresent();
  }

  @Test
  void withoutAnyCredentialNothingIsAnswered() throws Exception {
    HttpResponse<byte[]> answer = send(HttpRequest.newBuilder(uri(path())).GET());

    assertThat(answer.statusCode()).isEqualTo(401);
  }

  @ParameterizedTest
  @CsvSource({
    "GET,,write",
    "PUT,,read",
    "DELETE,,read",
    "POST,/v1/fragments/batch-get,write",
    "POST,/v1/fragments/batch-put,read",
    "POST,/v1/uploads,read",
    "PUT,/v1/pins/p,read",
    "GET,,admin",
  })
  void aScopeThatIsMissingIsNamed(String method, @Nullable String path, String scopes)
      throws Exception {
    String token = GatewayTokens.token("team-a", scopes, FIVE_MINUTES);

    HttpResponse<byte[]> answer =
        send(request(path == null ? path() : path, token).method(method, BodyPublishers.noBody()));

    assertThat(answer.statusCode()).isEqualTo(403);
    assertThat(text(answer)).contains("forbidden");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/peers/stored",
        "/v1/peers/hints",
        "/v1/inventory",
        "/v1/transfers",
        "/v1/tenants/team-a/policy",
        "/memory/kv/a",
        "/actuator/prometheus",
        "/readyz",
        "/v1/fragments/../peers/stored",
        "/v1/fragments/%2e%2e/peers/stored",
        "/v1/fragments/%65xists",
        "/v1/fragments;a=b/exists",
        "/v1/fragmentsandmore",
      })
  void nothingButFragmentsIsAnswered(String path) throws Exception {
    HttpResponse<byte[]> answer =
        send(request(path, GatewayTokens.token("team-a", "read write admin", FIVE_MINUTES)).GET());

    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(text(answer)).contains("this port answers");
  }

  @Test
  void theServicesOwnPortTakesNoTokensAndIsAsItWas() {
    assertThat(service().get("/v1/inventory").statusCode()).isNotEqualTo(401);
    assertThat(service().get(path()).statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "too short", "one\ntwo\nthree"})
  void withoutAUsableSecretTheServiceDoesNotStart(String secrets) throws IOException {
    Path file = secrets(secrets);

    assertThatThrownBy(() ->
            service(
                    secrets.isEmpty()
                        ? "membrane.fragment.direct.secret-file="
                        : "membrane.fragment.direct.secret-file=" + file)
                .close())
        .rootCause()
        .isInstanceOfSatisfying(
            StartupProblem.class,
            problem -> assertThat(problem.action()).contains("openssl rand -hex 32"));
  }

  @Test
  void withTlsThePortSpeaksItAndAsksForNoCertificate() throws Exception {
    Identity identity =
        new CertificateAuthority("fleet").issue(folder.resolve("tls"), "fragment.fleet");
    List<String> properties = new ArrayList<>(identity.properties());
    properties.addAll(identity.serverProperties());
    properties.add("membrane.server.allowed-names=gateway.fleet");
    properties.add("membrane.fragment.direct.secret-file=" + secrets(SECRET));
    try (ServiceUnderTest secured = service(properties.toArray(String[]::new));
        HttpClient engine = stranger(identity)) {
      URI url =
          URI.create(
              "https://127.0.0.1:" + secured.bean(DirectConnector.class).localPort() + path());
      HttpRequest request =
          HttpRequest.newBuilder(url)
              .header(
                  "Authorization", "Bearer " + GatewayTokens.token("team-a", "read", FIVE_MINUTES))
              .build();
      assertThat(engine.send(request, BodyHandlers.discarding()).statusCode()).isEqualTo(404);
    }
  }

  /** Whose certificate the service would not accept, if it asked for one. */
  private static HttpClient stranger(Identity service) {
    Identity own = new CertificateAuthority("engines").issue(folder.resolve("engine"), "engine");
    return HttpClient.newBuilder().sslContext(own.contextThatTrusts(service)).build();
  }

  private HttpResponse<byte[]> put(String token) throws Exception {
    return send(
        request(path(), token)
            .headers(FragmentHttp.META.toArray(String[]::new))
            .PUT(BodyPublishers.ofByteArray(kv)));
  }

  private HttpResponse<byte[]> get(String token) throws Exception {
    return send(request(path(), token).GET());
  }

  private String path() {
    return "/v1/fragments/" + key;
  }

  private HttpResponse<byte[]> send(HttpRequest.Builder request) throws Exception {
    return http.send(request.build(), BodyHandlers.ofByteArray());
  }

  private static HttpRequest.Builder request(String path, String token) {
    return HttpRequest.newBuilder(uri(path)).header("Authorization", "Bearer " + token);
  }

  private static URI uri(String path) {
    return URI.create(
        "http://127.0.0.1:" + service().bean(DirectConnector.class).localPort() + path);
  }

  private static String text(HttpResponse<byte[]> answer) {
    return new String(answer.body(), StandardCharsets.UTF_8);
  }

  private static Path secrets(String text) throws IOException {
    return Files.writeString(Files.createTempFile(folder, "direct", ".secret"), text);
  }

  private static ServiceUnderTest service(String... more) {
    List<String> properties =
        new ArrayList<>(
            List.of("spring.data.redis.url=" + redis().url(), "membrane.fragment.direct.port=0"));
    properties.addAll(List.of(more));
    return new ServiceUnderTest(FragmentApplication.class, properties.toArray(String[]::new));
  }

  private static ServiceUnderTest service() {
    if (running == null) {
      throw new IllegalStateException("it is started before the first test");
    }
    return running;
  }

  private static RedisProcess redis() {
    if (redis == null) {
      throw new IllegalStateException("it is started before the first test");
    }
    return redis;
  }
}
