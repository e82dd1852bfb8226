package io.membrane.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.FragmentKey;
import io.membrane.block.Tokens;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.WireJson;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillResponse;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import tools.jackson.databind.JsonNode;

/** The worker with the bundled model on a random port, with blocks of 16 tokens. */
@SpringBootTest(
    webEnvironment = WebEnvironment.RANDOM_PORT,
    properties = {
      "membrane.worker.model=../models/tiny-llama",
      "membrane.worker.revision=r1",
      "membrane.worker.block-tokens=16",
      "membrane.worker.max-tokens=2000",
      "membrane.worker.queue-limit=1",
      "membrane.worker.compute-after=1h",
      "membrane.client.attempts=1",
      "membrane.client.peers.directory-service=${peers.url}",
      "membrane.client.peers.fragment-service=${proxy.url:${peers.url}}",
      "server.address=127.0.0.1"
    })
abstract class WorkerHttpTest {

  /** Lives as long as the context that all subclasses share. */
  static final Peers PEERS = new Peers();

  private static final HttpClient HTTP = HttpClient.newHttpClient();

  @LocalServerPort int port;

  @DynamicPropertySource
  static void peers(DynamicPropertyRegistry registry) {
    registry.add("peers.url", PEERS::url);
  }

  @BeforeEach
  void forget() {
    PEERS.reset();
  }

  /** An answer: JSON if there is any. */
  record Answer(int status, HttpResponse<String> http) {

    JsonNode json() {
      return WireJson.mapper().readTree(http.body());
    }

    String code() {
      return json().path("code").asString();
    }
  }

  Answer post(String path, String json, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json));
    for (int i = 0; i < headers.length; i += 2) {
      request.setHeader(headers[i], headers[i + 1]);
    }
    return send(request.build());
  }

  /** What is answered to a prefill that is done. */
  PrefillResponse prefill(PrefillRequest request, String... headers) {
    Answer answer = post("/v1/prefill", json(request), headers);
    assertThat(answer.status()).as(answer.http().body()).isEqualTo(200);
    return WireJson.mapper().readValue(answer.http().body(), PrefillResponse.class);
  }

  static String json(Object value) {
    return WireJson.mapper().writeValueAsString(value);
  }

  /** The block hashes that the default tenant's prompt has with the bundled model. */
  static List<BlockHash> chain(Tokens tokens) {
    return BlockHasher.chain(Peers.root(Seeds.namespace(16), "default"), 16, tokens);
  }

  /** Where the bundled model's KV of a block is stored. */
  static FragmentKey key(BlockHash hash) {
    return FragmentKey.parse(hash.hex() + "/attn.0-3.0of1");
  }

  Answer get(String path, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
    for (int i = 0; i < headers.length; i += 2) {
      request.setHeader(headers[i], headers[i + 1]);
    }
    return send(request.build());
  }

  private static Answer send(HttpRequest request) {
    try {
      HttpResponse<String> answer = HTTP.send(request, BodyHandlers.ofString());
      return new Answer(answer.statusCode(), answer);
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
