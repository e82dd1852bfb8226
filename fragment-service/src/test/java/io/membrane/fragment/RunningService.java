package io.membrane.fragment;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.membrane.fixture.RedisProcess;
import io.membrane.fragment.store.FragmentStore;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** The whole service on a random port over a Redis of its own; one for all tests that extend it. */
@SpringBootTest(
    webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
    properties = {
      "spring.data.redis.timeout=30s",
      "membrane.fragment.max-bytes=1MB",
      "membrane.fragment.max-in-flight=8MB",
      "membrane.fragment.memory=16MB",
      "membrane.fragment.write-behind=1MB"
    })
abstract class RunningService {

  static final int MAX_BYTES = 1 << 20;

  private static final RedisProcess REDIS = RedisProcess.embedded();

  @LocalServerPort private int port;
  @Autowired private FragmentStore store;
  private RedisClient client;
  private StatefulRedisConnection<byte[], byte[]> connection;

  FragmentHttp http;

  /** Redis behind the service's back. */
  RedisCommands<byte[], byte[]> redis;

  @DynamicPropertySource
  static void properties(DynamicPropertyRegistry registry) {
    registry.add("spring.data.redis.url", REDIS::url);
  }

  @BeforeEach
  void connect() {
    http = new FragmentHttp(port);
    client = RedisClient.create(REDIS.url());
    connection = client.connect(ByteArrayCodec.INSTANCE);
    redis = connection.sync();
    redis.flushall();
    store.catchUp();
  }

  @AfterEach
  void disconnect() {
    connection.close();
    client.shutdown();
  }

  int port() {
    return port;
  }

  /** Key of the one body that lies in Redis. */
  byte[] onlyBody() {
    return bodies().getFirst();
  }

  List<byte[]> bodies() {
    return redis.keys("membrane:body:*");
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
