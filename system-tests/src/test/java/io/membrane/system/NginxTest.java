package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.cli.machine.Port;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.WireJson;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The gateway behind nginx, with the configuration that is shipped. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class NginxTest {

  @RegisterExtension static final TestFleet FLEET = TestFleet.shared();

  private static final int MIB = 1 << 20;
  private static final int LARGEST = 64 * MIB;
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @TempDir static Path folder;
  private static NginxProcess nginx;

  @BeforeAll
  static void start() {
    URI gateway = FLEET.http().request("").build().uri();
    URI management = FLEET.health("gateway").request("").build().uri();
    Map<String, String> changes = Map.of("client_body_timeout 20s", "client_body_timeout 1s");
    nginx = new NginxProcess(folder, gateway, management, changes);
  }

  @AfterAll
  static void stop() {
    if (nginx != null) {
      nginx.close();
    }
  }

  @ParameterizedTest
  @EnumSource(HttpClient.Version.class)
  void aLargeFragmentPassesInPiecesBothWays(HttpClient.Version version) throws Exception {
    Random random = new Random(version.name().hashCode());
    String path =
        "/v1/fragments/" + new FragmentKey(Seeds.hash(random), Slice.parse("attn.0-31.0of1"));
    byte[] payload = Seeds.bytes(random, LARGEST);
    try (HttpClient client = client(version)) {
      putInPieces(client, path, payload);
      byte[] read = getInPieces(client, path);
      assertThat(ContentDigest.of(read)).isEqualTo(ContentDigest.of(payload));
      HttpRequest delete = request(path).DELETE().build();
      assertThat(client.send(delete, BodyHandlers.discarding()).statusCode()).isEqualTo(204);
    }
  }

  /** The gateway has much of the first half although nginx was not given the second. */
  private static void putInPieces(HttpClient client, String path, byte[] payload) throws Exception {
    double before = bytes("request");
    int quarter = payload.length / 4;
    PausedBody body = new PausedBody(payload, payload.length / 2);
    HttpRequest put =
        request(path)
            .header("Membrane-Namespace", WireJson.mapper().writeValueAsString(Seeds.namespace(16)))
            .header("Membrane-Parent", "root")
            .header("Membrane-Token-Span", "0-16")
            .PUT(
                BodyPublishers.fromPublisher(
                    BodyPublishers.ofInputStream(() -> body), payload.length))
            .build();
    CompletableFuture<HttpResponse<String>> answer = client.sendAsync(put, BodyHandlers.ofString());
    try {
      await().atMost(LIMIT).until(() -> answer.isDone() || bytes("request") - before >= quarter);
      assertThat(answer).isNotDone();
    } finally {
      body.goOn();
    }
    HttpResponse<String> stored = answer.get(2, TimeUnit.MINUTES);
    assertThat(stored.statusCode()).as(stored.body()).isEqualTo(201);
  }

  /** The gateway is held up by a caller who does not read. */
  private static byte[] getInPieces(HttpClient client, String path) throws Exception {
    double before = bytes("answer");
    HttpResponse<InputStream> answer =
        client.send(request(path).build(), BodyHandlers.ofInputStream());
    try (InputStream in = answer.body()) {
      byte[] read = new byte[LARGEST];
      assertThat(in.readNBytes(read, 0, MIB)).isEqualTo(MIB);
      await()
          .during(Duration.ofSeconds(1))
          .atMost(LIMIT)
          .until(() -> bytes("answer") - before < LARGEST - 8 * MIB);
      assertThat(in.readNBytes(read, MIB, LARGEST - MIB)).isEqualTo(LARGEST - MIB);
      assertThat(in.read()).isNegative();
      return read;
    }
  }

  @Test
  void aBodyThatIsTooLargeIsRefusedAsTheGatewayDoes() {
    String answer =
        nginx.ask("PUT /v1/fragments/x HTTP/1.1\nContent-Length: " + (LARGEST + 1) + "\n\nbegins");
    assertThat(answer).startsWith("HTTP/1.1 413").contains("application/problem+json");
    assertThat(answer).contains("\"code\":\"too_large\"", "\"retriable\":false");
  }

  @Test
  void aBodyThatComesTooSlowlyIsGivenUp() {
    String answer =
        nginx.ask("POST /v1/contexts HTTP/1.1\nContent-Length: 1000\n\n{\"tokens\":[1,");
    assertThat(answer).doesNotContain(" 200 ");
    assertThat(nginx.ask("GET /v1/models HTTP/1.1")).startsWith("HTTP/1.1 200");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/actuator",
        "/actuator/prometheus",
        "//actuator/health",
        "/v1/../actuator/health",
        "/v1/%2e%2e/actuator/health",
        "/%61ctuator/health",
        "/actuator;a=b/health",
        "/v1/..;/actuator/health",
        "/v1/..;a=b/actuator/health",
        "/v1/..%3b/actuator/health",
        "/v1\\..\\actuator\\health",
        "/healthz/../actuator/health"
      })
  void whatIsForOperatorsIsNotShown(String path) {
    assertThat(nginx.ask("GET " + path + " HTTP/1.1")).containsPattern("\\AHTTP/1.1 40[04] ");
  }

  @Test
  void aBalancerIsToldWhetherTheGatewayIsReady() {
    assertThat(nginx.ask("GET /healthz HTTP/1.1")).startsWith("HTTP/1.1 200").contains("UP");
  }

  @Test
  void refusalsOfItsOwnSayWhenToTryAgain(@TempDir Path own) {
    URI nobody = URI.create("http://127.0.0.1:" + Port.free(1).getFirst());
    Map<String, String> changes = Map.of("rate=200r/s", "rate=1r/m", "burst=400", "burst=1");
    try (NginxProcess alone = new NginxProcess(own, nobody, nobody, changes)) {
      String unreachable = alone.ask("GET /v1/models HTTP/1.1");
      assertThat(unreachable).startsWith("HTTP/1.1 503").contains("Retry-After: 1");
      assertThat(unreachable).contains("\"code\":\"dependency_unavailable\"");
      alone.ask("GET /v1/models HTTP/1.1");
      String limited = alone.ask("GET /v1/models HTTP/1.1");
      assertThat(limited).startsWith("HTTP/1.1 429").contains("Retry-After: 1");
      assertThat(limited).contains("\"code\":\"overloaded\"", "\"retriable\":true");
    }
  }

  private static HttpClient client(HttpClient.Version version) {
    return HttpClient.newBuilder().version(version).sslContext(nginx.trust()).build();
  }

  private static HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(nginx.url() + path)).timeout(LIMIT);
  }

  /** Bytes of bodies that the gateway has passed on to fragment-service, or back. */
  private static double bytes(String way) {
    return FLEET
        .health("gateway")
        .get("/actuator/prometheus")
        .text()
        .lines()
        .filter(line -> line.startsWith("membrane_gateway_" + way + "_bytes_total"))
        .filter(line -> line.contains("fragment-service"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }
}
