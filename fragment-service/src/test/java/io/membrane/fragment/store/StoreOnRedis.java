package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.Range;
import io.lettuce.core.RedisClient;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.wire.FragmentClient.FragmentMeta;
import io.membrane.wire.LogEntry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** A store on an empty Redis, and what lies there. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // connected before the first test, where that is possible
abstract class StoreOnRedis {

  static final Duration DEFAULT_TTL = Duration.ofHours(24);

  final Random random = new Random(7);
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private LettuceConnectionFactory factory;
  private RedisClient client;
  private StatefulRedisConnection<byte[], byte[]> connection;
  RedisCommands<byte[], byte[]> redis;
  FragmentStore store;

  /** Where a Redis that may be emptied listens; aborts the test, with the reason, if nowhere. */
  abstract RedisStandaloneConfiguration redis();

  private void connect() {
    RedisStandaloneConfiguration where = redis();
    factory =
        new LettuceConnectionFactory(
            where,
            LettuceClientConfiguration.builder()
                .clientOptions(
                    ClientOptions.builder().timeoutOptions(TimeoutOptions.enabled()).build())
                .commandTimeout(Duration.ofSeconds(5))
                .build());
    factory.afterPropertiesSet();
    factory.start();
    client = RedisClient.create("redis://" + where.getHostName() + ":" + where.getPort());
    connection = client.connect(ByteArrayCodec.INSTANCE);
    redis = connection.sync();
    store =
        new FragmentStore(
            factory,
            new FragmentStore.Settings("redis", "local", DEFAULT_TTL, 100_000),
            Clock.systemUTC(),
            meters);
  }

  @AfterAll
  void disconnect() {
    if (connection != null) {
      connection.close();
      client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
      factory.destroy();
    }
  }

  @BeforeEach
  void empty() {
    if (connection == null) {
      connect();
    }
    redis.configSet("maxmemory", "0");
    redis.configSet("maxmemory-policy", "noeviction");
    redis.flushall();
  }

  FragmentKey key() {
    return new FragmentKey(Seeds.hash(random), Slice.attention(4));
  }

  FragmentStore.Stored put(FragmentKey key, byte[] body) {
    return put(key, body, null, false);
  }

  FragmentStore.Stored put(FragmentKey key, byte[] body, @Nullable Long ttl, boolean pin) {
    return store.put(key, meta(ttl, pin), null, body);
  }

  static FragmentMeta meta(@Nullable Long ttl, boolean pin) {
    return new FragmentMeta(Seeds.namespace(16), null, new TokenSpan(0, 16), null, ttl, pin);
  }

  byte[] body(FragmentKey key) {
    return Objects.requireNonNull(store.get(key)).body();
  }

  @Nullable Long expires(FragmentKey key) {
    return Objects.requireNonNull(store.describe(key)).expiresAtMs();
  }

  void damage(FragmentKey key, String field, boolean missing) {
    byte[] name = bytes(field);
    byte[] value = redis.hget(FragmentHash.key(key), name);
    value[value.length / 2] ^= 0x40;
    if (missing) {
      redis.hdel(FragmentHash.key(key), name);
    } else {
      redis.hset(FragmentHash.key(key), name, value);
    }
  }

  double corrupt() {
    return meters.counter(FragmentMetric.CORRUPT.meter()).count();
  }

  List<LogEntry> log() {
    return redis.xrange(bytes(LogEntry.STREAM), Range.unbounded()).stream()
        .map(message -> entry(message.getBody()))
        .toList();
  }

  private static LogEntry entry(Map<byte[], byte[]> fields) {
    assertThat(fields.keySet()).allMatch(f -> Arrays.equals(f, bytes(LogEntry.FIELD))).hasSize(1);
    return WireJson.mapper().readValue(fields.values().iterator().next(), LogEntry.class);
  }

  String lastPosition() {
    return redis.xrange(bytes(LogEntry.STREAM), Range.unbounded()).getLast().getId();
  }

  long usedMemory() {
    return redis
        .info("memory")
        .lines()
        .filter(line -> line.startsWith("used_memory:"))
        .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(':') + 1).strip()))
        .findFirst()
        .orElseThrow();
  }

  static ErrorCode refusal(ThrowingCallable call) {
    return catchThrowableOfType(MembraneException.class, call).code();
  }

  static ContentDigest digest(String text) {
    return ContentDigest.of(bytes(text));
  }

  static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
