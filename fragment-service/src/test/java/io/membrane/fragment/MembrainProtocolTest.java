package io.membrane.fragment;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import io.membrane.fragment.ForkClient.Answer;
import io.membrane.fragment.store.FragmentMetric;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.fragment.store.MemoryTier;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;

/** The service as the public fork's clients see it: their requests, byte for byte. */
class MembrainProtocolTest extends RunningService {

  private static final String HASH = "d41d8cd98f00b204e9800998ecf8427e";

  private final Random random = new Random(37);

  @Autowired private MembrainConnector connector;
  @Autowired private MemoryTier memory;
  @Autowired private MeterRegistry meters;
  @Autowired private FragmentStore store;
  private ForkClient client;

  @BeforeEach
  void open() throws IOException {
    client = new ForkClient(connector.localPort());
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    Awaitility.await().until(() -> memory.passingBytes() == 0);
  }

  /** Paths as the clients send them. */
  static List<String> paths() {
    String tokens = "1%2C%20".repeat(12);
    List<String> paths =
        new ArrayList<>(
            List.of(
                "/memory/default/" + HASH,
                "/memory/default/" + HASH + ":meta",
                "/memory/default/data:-1234567890123456789",
                "/memory/default/meta:" + "9".repeat(78),
                "/memory/vllm_kv/" + HASH + "_meta",
                "/memory/vllm_kv/" + HASH + "_layer_31_meta",
                "/memory/vllm_kv/" + HASH + "_layer_31_chunks_meta",
                "/memory/vllm_kv/" + HASH + "_layer_31_chunk_12",
                "//memory/vllm-cache/" + HASH,
                "/memory/vllm-cache/BlockHashType(hash_value=-5,%20token_ids=(1,%202),%20extra_keys=None)",
                "/memory/vllm-cache/BlockHashType(hash_value=5,%20token_ids=(" + tokens + "))",
                "/memory/n/a+b@c=d;e&f!g$h'i*j~k",
                "/memory/n/{\"raw\"}|<^`[1]\\>",
                "/memory/n/%7B%22escaped%22%7D%7C%3C%5E%60%5B1%5D%5C%3E%3F%23%25",
                "/memory/n/models/llama%2F3",
                "/memory/n/..%2F..%2Fv1",
                "/memory/n/%E2%82%AC%F0%9F%98%80",
                "/memory/%E2%82%AC/k"));
    for (int length : new int[] {250, 2600, 8000}) {
      paths.add("/memory/n/BlockHashType(" + "7".repeat(length - 15) + ")");
    }
    paths.add("/memory/n/" + "%E2%82%AC".repeat(2700));
    return paths;
  }

  @ParameterizedTest
  @MethodSource("paths")
  void everyKeyComesBackByteForByteOnOneKeptConnection(String path) throws IOException {
    byte[] body = Seeds.bytes(random, 70_000);
    int before = client.localPort();

    assertMiss(client.get(path));
    assertThat(client.head(path).status()).isEqualTo(404);
    assertThat(client.delete(path).status()).isEqualTo(200);
    assertThat(client.put(path, body).status()).isEqualTo(200);
    Answer got = client.get(path);
    assertThat(got.status()).isEqualTo(200);
    assertThat(got.body()).isEqualTo(body);
    assertThat(got.headers()).doesNotContainKeys("transfer-encoding", "content-encoding");
    Answer known = client.head(path);
    assertThat(known.status()).isEqualTo(200);
    assertThat(known.headers()).containsEntry("content-length", "70000");
    assertThat(client.put(path, new byte[0]).status()).isEqualTo(200);
    Answer empty = client.get(path);
    assertThat(empty.status()).isEqualTo(200);
    assertThat(empty.body()).isEmpty();
    assertThat(client.delete(path).status()).isEqualTo(200);
    assertMiss(client.get(path));
    assertThat(client.head(path).status()).isEqualTo(404);
    assertThat(client.localPort()).isEqualTo(before);
  }

  private static void assertMiss(Answer answer) {
    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.headers()).containsKey("content-length");
    assertThat(new String(answer.body(), UTF_8)).contains("not_found");
  }

  @Test
  void anEscapedCharacterAndADoubledSlashNameTheSameValue() throws IOException {
    client.put("/memory/default/data:-5", bytes("x"));
    assertThat(client.get("//memory/default/data%3A-5").body()).isEqualTo(bytes("x"));
    assertThat(client.get("/memory/default/%64ata:%2D5").body()).isEqualTo(bytes("x"));
    assertThat(client.get("/memory/default/data:-5?x=y").body()).isEqualTo(bytes("x"));
    assertThat(client.get("/memory/vllm_kv/data:-5").status()).isEqualTo(404);
    assertThat(client.get("/memory/default/data:5").status()).isEqualTo(404);
  }

  /**
   * What {@code store_block}, {@code load_block} and {@code decrement_ref} send, in their order.
   */
  @Test
  void aBlockIsStoredLoadedAndReleasedAsTheForkDoesIt() throws IOException {
    byte[] tensor = tensor();
    byte[] meta = bytes("{\"block_hash\": \"-77\", \"ref_count\": 1, \"tensor_shape\": [2, 16]}");
    assertThat(client.put("/memory/default/data:-77", tensor).status()).isEqualTo(200);
    assertThat(client.put("/memory/default/meta:-77", "application/json", meta).status())
        .isEqualTo(200);

    assertThat(client.get("/memory/default/meta:-77").body()).isEqualTo(meta);
    assertThat(client.get("/memory/default/data:-77").body()).isEqualTo(tensor);
    byte[] touched = bytes("{\"block_hash\": \"-77\", \"ref_count\": 0, \"last_access\": 1.5}");
    assertThat(client.put("/memory/default/meta:-77", "application/json", touched).status())
        .isEqualTo(200);
    assertThat(client.get("/memory/default/meta:-77").body()).isEqualTo(touched);

    assertThat(client.delete("/memory/default/data:-77").status()).isEqualTo(200);
    assertThat(client.delete("/memory/default/meta:-77").status()).isEqualTo(200);
    assertThat(client.get("/memory/default/meta:-77").status()).isEqualTo(404);
  }

  private byte[] tensor() {
    byte[] json = bytes("{\"dtype\": \"torch.float16\", \"shape\": [2, 16], \"version\": \"1.0\"}");
    return ByteBuffer.allocate(8 + json.length + 64)
        .putLong(json.length)
        .put(json)
        .put(Seeds.bytes(random, 64))
        .array();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "?"
      })
  void theTypeOfABodyDoesNotMatter(String type) throws IOException {
    byte[] body = bytes("{\"not\": json, a=b&c=%zz");
    for (byte[] each : List.of(body, new byte[0])) {
      assertThat(client.put("/memory/n/k?a=b", type, each).status()).isEqualTo(200);
      assertThat(client.get("/memory/n/k").body()).isEqualTo(each);
    }
  }

  @Test
  void theSamePutThreeTimesIsOneValue() throws IOException {
    byte[] body = Seeds.bytes(random, 300_000);
    for (int i = 0; i < 3; i++) {
      assertThat(client.put("/memory/n/k", body).status()).isEqualTo(200);
    }
    assertThat(client.get("/memory/n/k").body()).isEqualTo(body);
    Awaitility.await().until(() -> bodies().size() == 1);
  }

  @Test
  void aChunkedBodyIsStoredAndAnsweredWithALength() throws IOException {
    String request = "PUT /memory/n/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    client.send(bytes(request + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
    assertThat(client.answer("PUT").status()).isEqualTo(200);
    assertThat(client.get("/memory/n/k").body()).isEqualTo(bytes("abcde"));
  }

  @Test
  void aBodyThatBreaksOffStoresNothing() throws IOException {
    client.put("/memory/n/k", bytes("before"));
    try (ForkClient leaving = new ForkClient(connector.localPort())) {
      leaving.send(bytes("PUT /memory/n/k HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nshort"));
    }
    Awaitility.await().until(() -> memory.passingBytes() == 0);
    assertThat(client.get("/memory/n/k").body()).isEqualTo(bytes("before"));
  }

  @Test
  void aBodyPastTheLimitIsRefusedWithTheReason() throws IOException {
    assertThat(client.put("/memory/n/k", new byte[MAX_BYTES]).status()).isEqualTo(200);
    assertThat(client.get("/memory/n/k").body()).hasSize(MAX_BYTES);
    Answer refused = client.put("/memory/n/k", "application/json", new byte[MAX_BYTES + 1]);
    assertThat(refused.status()).isEqualTo(413);
    assertThat(new String(refused.body(), UTF_8)).contains("too_large");
    try (ForkClient other = new ForkClient(connector.localPort())) {
      assertThat(other.get("/memory/n/k").body()).hasSize(MAX_BYTES);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/memory/n/",
        "/memory//k",
        "/memory/n/%zz",
        "/memory/n/%FF",
        "/memory/n/%00x%",
        "/memory/"
      })
  void aPathThatNamesNothingIsRefused(String path) throws IOException {
    for (String method : List.of("GET", "DELETE")) {
      try (ForkClient each = new ForkClient(connector.localPort())) {
        Answer answer = each.call(method, path, null, null);
        assertThat(answer.status()).isEqualTo(400);
        assertThat(new String(answer.body(), UTF_8)).contains("malformed_request");
      }
    }
  }

  @Test
  void aKeyPastTheLimitIsRefusedWithTheReason() throws IOException {
    Answer refused = client.put("/memory/n/" + "k".repeat(8193), bytes("x"));
    assertThat(refused.status()).isEqualTo(400);
    assertThat(new String(refused.body(), UTF_8)).contains("a key has 1 to 8192 bytes");
    try (ForkClient other = new ForkClient(connector.localPort())) {
      assertThat(other.get("/memory/n/" + "k".repeat(100_000)).status()).isIn(400, 431);
    }
  }

  @Test
  void otherMethodsAreRefusedAndNamedWhatIsAllowed() throws IOException {
    Answer post = client.call("POST", "/memory/n/k", null, new byte[0]);
    assertThat(post.status()).isEqualTo(405);
    assertThat(post.headers()).containsEntry("allow", "GET, HEAD, PUT, DELETE");
    assertThat(client.get("/memory/n").headers()).containsEntry("allow", "DELETE");
  }

  @Test
  void itsPortAnswersNothingElseAndTheServicesOwnAnswersItToo() throws IOException {
    assertThat(client.get("/healthz").status()).isEqualTo(200);
    assertThat(client.head("/healthz").status()).isEqualTo(200);
    for (String path :
        List.of(
            "/",
            "/memory",
            "/actuator/health",
            "/v3/api-docs",
            "/v1/tenants/default/usage",
            "/memory/../v1/tenants/default/usage",
            "/healthz/x")) {
      assertThat(client.get(path).status()).as(path).isEqualTo(404);
    }
    client.put("/memory/n/k", bytes("x"));
    HttpResponse<byte[]> got = http.send(http.request("/memory/n/k").GET());
    assertThat(got.statusCode()).isEqualTo(200);
    assertThat(got.body()).isEqualTo(bytes("x"));
    for (String strict : List.of("/memory/n/a%2Fb", "/memory/n/a%5Cb")) {
      assertThat(http.send(http.request(strict).GET()).statusCode()).isEqualTo(400);
    }
  }

  @Test
  void fragmentsInMemoryAreNotToBeHadAtItsPort() throws IOException {
    var key = FragmentHttp.key(random);
    assertThat(http.put(key, bytes("x")).statusCode()).isEqualTo(201);
    assertThat(http.get(key).statusCode()).isEqualTo(200);
    assertThat(client.get("/v1/fragments/" + key).status()).isEqualTo(404);
  }

  @Test
  void aNamespaceIsFlushedAndSaysHowMuch() throws IOException {
    for (int i = 0; i < 30; i++) {
      client.put("/memory/n/data:" + i, bytes("x" + i));
      client.put("/memory/n/meta:" + i, bytes("{}"));
    }
    client.put("/memory/other/data:1", bytes("x"));
    Answer flushed = client.delete("/memory/n");
    assertThat(flushed.status()).isEqualTo(200);
    assertThat(new String(flushed.body(), UTF_8)).isEqualTo("{\"removed\":60}");
    assertThat(client.get("/memory/n/data:7").status()).isEqualTo(404);
    assertThat(client.get("/memory/other/data:1").status()).isEqualTo(200);
    assertThat(client.delete("/memory/never").body()).isEqualTo(bytes("{\"removed\":0}"));
  }

  @Test
  void tenantsThatTheGatewayNamesDoNotSeeEachOther() throws IOException {
    put("t1", "/memory/n/k", "one");
    put("t2", "/memory/n/k", "two");
    assertThat(get("t1", "/memory/n/k")).isEqualTo("one");
    assertThat(get("t2", "/memory/n/k")).isEqualTo("two");
    assertThat(client.get("/memory/n/k").status()).isEqualTo(404);
    client.delete("/memory/n");
    assertThat(get("t1", "/memory/n/k")).isEqualTo("one");
    assertThat(store.tenants().usage("t1").bytes()).isEqualTo(3);
  }

  @Test
  void aHundredConnectionsAtOnceReadWhatTheyWrote() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Boolean>> all = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        int seed = i;
        all.add(() -> {
          Random own = new Random(seed);
          try (ForkClient one = new ForkClient(connector.localPort());
              ForkClient two = new ForkClient(connector.localPort())) {
            for (int n = 0; n < 5; n++) {
              String path = "/memory/n/data:" + seed + "-" + own.nextInt(3);
              byte[] body = Seeds.bytes(own, 20_000 + own.nextInt(20_000));
              assertThat(one.put(path, body).status()).isEqualTo(200);
              assertThat(two.head(path).status()).isEqualTo(200);
              assertThat(two.get(path).body()).isEqualTo(body);
            }
          }
          return true;
        });
      }
      for (Future<Boolean> done : threads.invokeAll(all)) {
        assertThat(done.get()).isTrue();
      }
    }
  }

  @Test
  void aPlainClientOfThisPlatformGetsOnWithItToo() throws Exception {
    try (HttpClient plain = HttpClient.newHttpClient()) {
      URI uri = URI.create("http://127.0.0.1:" + connector.localPort() + "/memory/n/data:9");
      byte[] body = Seeds.bytes(random, 500_000);
      HttpRequest put = HttpRequest.newBuilder(uri).PUT(BodyPublishers.ofByteArray(body)).build();
      assertThat(plain.send(put, BodyHandlers.ofByteArray()).statusCode()).isEqualTo(200);
      HttpRequest get = HttpRequest.newBuilder(uri).build();
      assertThat(plain.send(get, BodyHandlers.ofByteArray()).body()).isEqualTo(body);
      HttpRequest head = HttpRequest.newBuilder(uri).HEAD().build();
      assertThat(plain.send(head, BodyHandlers.ofByteArray()).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void itsReadsAndWritesAreInTheMetricsOfTheStore() throws IOException {
    double stored = count(FragmentMetric.PUTS, "stored");
    double hits = count(FragmentMetric.GETS, "memory");
    double misses = count(FragmentMetric.GETS, "miss");
    client.put("/memory/n/k", bytes("x"));
    client.get("/memory/n/k");
    client.get("/memory/n/other");
    client.head("/memory/n/other");
    assertThat(count(FragmentMetric.PUTS, "stored")).isEqualTo(stored + 1);
    assertThat(count(FragmentMetric.GETS, "memory")).isEqualTo(hits + 1);
    assertThat(count(FragmentMetric.GETS, "miss")).isEqualTo(misses + 2);
    Awaitility.await()
        .until(() ->
            meters.find("http.server.requests").tag("uri", "/memory/{namespace}/{key}").timer()
                != null);
  }

  private double count(FragmentMetric metric, String outcome) {
    return meters.find(metric.meter()).tag("outcome", outcome).counters().stream()
        .mapToDouble(Counter::count)
        .sum();
  }

  private void put(String tenant, String path, String body) throws IOException {
    assertThat(
            http.send(
                    http.request(path)
                        .PUT(BodyPublishers.ofString(body))
                        .header("Membrane-Tenant", tenant))
                .statusCode())
        .isEqualTo(200);
  }

  private String get(String tenant, String path) throws IOException {
    return new String(
        http.send(http.request(path).GET().header("Membrane-Tenant", tenant)).body(), UTF_8);
  }
}
