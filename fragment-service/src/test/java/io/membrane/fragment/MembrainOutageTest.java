package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.ForkClient.Answer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/**
 * Redis hangs, is away, or is cut off in the middle of an answer: clients of the Membrain protocol
 * are told to try again, and are never given a value that may be old.
 */
@SpringBootTest(
    webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
    properties = {
      "spring.data.redis.timeout=500ms",
      "membrane.fragment.memory=8MB",
      "membrane.fragment.membrain.namespaces.owned=t1"
    })
class MembrainOutageTest {

  private static final RedisProcess REDIS = RedisProcess.embedded();
  private static final FaultProxy PROXY = new FaultProxy(REDIS.port());
  private static final String PATH = "/memory/vllm_kv/data:1";
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private final byte[] body = Seeds.bytes(new Random(41), 500_000);

  @Autowired private MembrainConnector connector;
  private ForkClient client;

  @DynamicPropertySource
  static void properties(DynamicPropertyRegistry registry) {
    registry.add("spring.data.redis.url", () -> "redis://127.0.0.1:" + PROXY.port());
  }

  @AfterAll
  static void stop() {
    PROXY.close();
    REDIS.close();
  }

  @BeforeEach
  void begin() throws IOException {
    PROXY.heal();
    client = new ForkClient(connector.localPort());
    Awaitility.await().atMost(PATIENCE).until(() -> client.put(PATH, body).status() == 200);
    assertThat(client.get(PATH).body()).isEqualTo(body);
  }

  @AfterEach
  void end() throws IOException {
    client.close();
  }

  @Test
  void whileRedisHangsAllIsUnavailableEvenWhatIsInMemory() throws IOException {
    REDIS.pause();
    try {
      isUnavailable();
    } finally {
      REDIS.resume();
    }
    isWellAgain();
  }

  @Test
  void whileRedisCannotBeReachedAllIsUnavailable() throws IOException {
    PROXY.inject(new Fault.Refuse());
    isUnavailable();
    assertThat(client.get("/healthz").status()).isEqualTo(503);
    PROXY.heal();
    isWellAgain();
    Awaitility.await().atMost(PATIENCE).until(() -> client.get("/healthz").status() == 200);
  }

  @Test
  void anAnswerOfRedisThatIsCutIsNeitherAMissNorHalfAValue() throws IOException {
    String cold = "/memory/vllm_kv/data:2";
    byte[] large = Seeds.bytes(new Random(43), 9_000_000);
    client.put(cold, large);
    PROXY.inject(new Fault.CutAfter(3_000_000));
    Answer cut = client.get(cold);
    assertThat(cut.status()).isIn(200, 503);
    assertThat(cut.status() == 503 || cut.body().length == large.length).isTrue();
    PROXY.heal();
    Awaitility.await().atMost(PATIENCE).until(() -> client.get(cold).status() == 200);
    assertThat(client.get(cold).body()).isEqualTo(large);
  }

  @Test
  void aNamespaceThatIsATenantsIsNotEverybodyElses() throws IOException {
    assertThat(client.put("/memory/owned/k", body).status()).isEqualTo(200);
    assertThat(as("t1", "GET", "/memory/owned/k").status()).isEqualTo(200);
    assertThat(as("t1", "GET", PATH).status()).isEqualTo(404);
    Answer refused = as("t2", "GET", "/memory/owned/k");
    assertThat(refused.status()).isEqualTo(403);
    assertThat(as("t2", "DELETE", "/memory/owned").status()).isEqualTo(403);
    assertThat(as("default", "GET", "/memory/owned/k").status()).isEqualTo(403);
    assertThat(client.head("/memory/owned/k").status()).isEqualTo(200);
  }

  private Answer as(String tenant, String method, String path) throws IOException {
    String request =
        "%s %s HTTP/1.1\r\nHost: x\r\nMembrane-Tenant: %s\r\n\r\n".formatted(method, path, tenant);
    client.send(request.getBytes(StandardCharsets.US_ASCII));
    return client.answer(method);
  }

  private void isUnavailable() throws IOException {
    for (Answer answer :
        List.of(
            client.get(PATH),
            client.head(PATH),
            client.put(PATH, body),
            client.delete(PATH),
            client.delete("/memory/vllm_kv"))) {
      assertThat(answer.status()).isEqualTo(503);
      assertThat(answer.headers()).containsKey("retry-after");
    }
  }

  private void isWellAgain() {
    Awaitility.await().atMost(PATIENCE).until(() -> client.put(PATH, body).status() == 200);
    Awaitility.await().atMost(PATIENCE).until(() -> client.get(PATH).status() == 200);
  }
}
