package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.FragmentKey;
import io.membrane.block.Tokens;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.Problem;
import io.membrane.rpc.WireJson;
import io.membrane.wire.NamespaceRequest;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** The service over real HTTP, between small real servers and a real Redis. */
@SpringBootTest(
    classes = ReconstructionApplication.class,
    webEnvironment = WebEnvironment.RANDOM_PORT)
abstract class FleetTest {

  static final MiniFleet FLEET = new MiniFleet();
  static final RedisProcess REDIS = RedisProcess.embedded();
  static final HttpClient HTTP = HttpClient.newHttpClient();

  @LocalServerPort int port;

  @DynamicPropertySource
  static void peers(DynamicPropertyRegistry properties) {
    properties.add("membrane.client.peers.directory-service", FLEET.directory::url);
    properties.add("membrane.client.peers.fragment-service", FLEET.fragments::url);
    properties.add("membrane.client.peers.scheduler-service", FLEET.scheduler::url);
    properties.add("membrane.reconstruction.clusters.local.url", FLEET.local.peer::url);
    properties.add("membrane.reconstruction.clusters.local.role", () -> "pd");
    properties.add("membrane.reconstruction.clusters.far.url", FLEET.far.peer::url);
    properties.add("membrane.reconstruction.clusters.far.role", () -> "prefill");
    properties.add("membrane.reconstruction.max-tokens", () -> 70_000);
    properties.add("membrane.client.open-for", () -> "100ms");
    properties.add("spring.data.redis.url", REDIS::url);
  }

  /** Heals everything, waits until the breakers have noticed, and empties the stores. */
  @BeforeEach
  void healthy() {
    FLEET.reset();
    Awaitility.await()
        .until(() -> post(context(tokens(1, 33)).with("deliver", "bytes").json()).status() == 200);
    FLEET.reset();
  }

  /** An answer as it came. */
  record Answer(HttpResponse<String> response) {

    int status() {
      return response.statusCode();
    }

    String body() {
      return response.body();
    }

    ContextResponse context() {
      assertThat(status()).as(body()).isEqualTo(200);
      return WireJson.mapper().readValue(body(), ContextResponse.class);
    }

    /** Asserts that this is a problem document of that code. */
    Problem problem(int status, String code) {
      assertThat(status()).as(body()).isEqualTo(status);
      assertThat(response.headers().firstValue("Content-Type")).hasValue(Problem.MEDIA_TYPE);
      Problem problem = WireJson.mapper().readValue(body(), Problem.class);
      assertThat(problem.code()).as(body()).isEqualTo(code);
      assertThat(problem.detail()).isNotBlank();
      if (problem.retriable()) {
        assertThat(response.headers().firstValue("Retry-After")).isPresent();
      }
      return problem;
    }
  }

  /** A request in the making. */
  record Asked(Map<String, Object> fields) {

    Asked with(String field, Object value) {
      Map<String, Object> more = new LinkedHashMap<>(fields);
      more.put(field, value);
      return new Asked(more);
    }

    String json() {
      return WireJson.mapper().writeValueAsString(fields);
    }
  }

  /** A prompt in the workers' namespace. */
  static Asked context(Tokens tokens) {
    return new Asked(
        Map.of("namespace", NamespaceRequest.of(MiniFleet.NAMESPACE), "tokens", tokens));
  }

  static Tokens tokens(long seed, int length) {
    return Seeds.tokens(new Random(seed), length, 1000);
  }

  /** Block hashes of the default tenant in the workers' namespace. */
  static List<BlockHash> hashes(Tokens tokens) {
    return BlockHasher.chain(
        FLEET.root(MiniFleet.NAMESPACE, "default"), MiniFleet.NAMESPACE.blockTokens(), tokens);
  }

  static List<FragmentKey> keys(Tokens tokens) {
    return hashes(tokens).stream().map(h -> new FragmentKey(h, MiniFleet.SLICE)).toList();
  }

  /** Stores the first {@code blocks} blocks at a cluster. */
  static void store(String cluster, Tokens tokens, int blocks) {
    keys(tokens)
        .subList(0, blocks)
        .forEach(
            key -> FLEET.put(cluster, key, MiniFleet.kv(key.hash(), MiniWorker.PAYLOAD_BYTES)));
  }

  ContextResponse ask(Asked asked) {
    return post(asked.json()).context();
  }

  Answer post(String json, String... headers) {
    return new Answer(send("POST", "/v1/contexts", json, BodyKind.TEXT, headers));
  }

  Answer postForPlan(String json, String... headers) {
    return new Answer(send("POST", "/v1/contexts/plan", json, BodyKind.TEXT, headers));
  }

  HttpResponse<InputStream> postForBytes(String json) {
    return send("POST", "/v1/contexts", json, BodyKind.STREAM);
  }

  Answer get(String path, String... headers) {
    return new Answer(send("GET", path, null, BodyKind.TEXT, headers));
  }

  private record BodyKind<T>(HttpResponse.BodyHandler<T> handler) {
    static final BodyKind<String> TEXT = new BodyKind<>(HttpResponse.BodyHandlers.ofString());
    static final BodyKind<InputStream> STREAM =
        new BodyKind<>(HttpResponse.BodyHandlers.ofInputStream());
  }

  private <T> HttpResponse<T> send(
      String method, String path, @Nullable String body, BodyKind<T> kind, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .timeout(Duration.ofSeconds(30))
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body));
    if (body != null) {
      request.header("Content-Type", "application/json");
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    try {
      return HTTP.send(request.build(), kind.handler());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
