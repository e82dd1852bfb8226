package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.rpc.Frame;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** What is in memory is served while Redis is away, and not once Redis is back without it. */
@SpringBootTest(
    webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
    properties = {"spring.data.redis.timeout=500ms", "membrane.fragment.memory=8MB"})
class MemoryOutageTest {

  private static final RedisProcess REDIS = RedisProcess.embedded();

  private final Random random = new Random(29);
  private final FragmentKey key = FragmentHttp.key(random);
  private final byte[] body = Seeds.bytes(random, 500_000);

  @Autowired private FragmentStore store;
  @LocalServerPort private int port;

  @DynamicPropertySource
  static void properties(DynamicPropertyRegistry registry) {
    registry.add("spring.data.redis.url", REDIS::url);
  }

  @AfterAll
  static void stop() {
    REDIS.close();
  }

  @Test
  void whatIsInMemoryIsServedUntilRedisIsBackWithoutIt() throws IOException {
    FragmentHttp http = new FragmentHttp(port);
    FragmentKey elsewhere = FragmentHttp.key(random);
    // Once what Redis had before the start is known, memory forgets nothing for it.
    Awaitility.await().ignoreExceptions().untilAsserted(store::catchUp);
    Awaitility.await().until(() -> http.put(key, body).statusCode() < 300);
    assertThat(http.get(key).statusCode()).isEqualTo(200);

    REDIS.kill();

    assertThat(http.get(key).body()).isEqualTo(body);
    assertThat(http.head(key).statusCode()).isEqualTo(200);
    assertThat(http.exists(List.of(key)).leading()).isEqualTo(1);
    assertThat(http.batchGet(List.of(key)).getFirst().body()).isEqualTo(body);
    assertThat(http.get(elsewhere).statusCode()).isEqualTo(503);
    assertThat(http.put(elsewhere, body).statusCode()).isEqualTo(503);
    assertThat(http.batchGet(List.of(key, elsewhere)))
        .extracting(Frame::status)
        .isSubsetOf(200, 503);

    REDIS.restart();
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> http.get(key).statusCode() == 404);
    assertThat(http.put(key, body).statusCode()).isEqualTo(201);
    assertThat(http.get(key).body()).isEqualTo(body);
  }
}
