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
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.Payload;
import io.membrane.fragment.tenancy.Policy;
import io.membrane.fragment.tenancy.Sharing;
import io.membrane.fragment.tenancy.Usage;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.wire.FragmentClient.FragmentMeta;
import io.membrane.wire.LogEntry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
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
  static final Duration PUT_WINDOW = Duration.ofSeconds(2);
  static final long CAPACITY = 1L << 30;
  static final String TENANT = "t1";

  final Random random = new Random(7);
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private LettuceConnectionFactory factory;
  private RedisClient client;
  private StatefulRedisConnection<byte[], byte[]> connection;
  RedisCommands<byte[], byte[]> redis;
  MemoryTier memory;
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
    memory = new MemoryTier(keepBytes(), 64 << 20, Duration.ofSeconds(2), true, Clock.systemUTC());
    store = open(memory, CAPACITY);
  }

  /** Bytes that the memory tier keeps; without it everything comes from Redis. */
  long keepBytes() {
    return 0;
  }

  /** Another replica over the same Redis. */
  FragmentStore open(MemoryTier tier, long redisCapacity) {
    return new FragmentStore(
        factory,
        new FragmentStore.Settings("redis", "local", DEFAULT_TTL, 100_000, PUT_WINDOW),
        Policy.standard(Sharing.ISOLATED),
        redisCapacity,
        tier,
        Clock.systemUTC(),
        meters);
  }

  @AfterAll
  void disconnect() {
    if (connection != null) {
      connection.close();
      client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
      factory.destroy();
      assertThat(memory.passingBytes()).isZero();
      assertThat(memory.leaks()).isZero();
      memory.close();
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
    store.catchUp();
  }

  FragmentKey key() {
    return new FragmentKey(Seeds.hash(random), Slice.attention(4));
  }

  FragmentStore.Stored put(FragmentKey key, byte[] body) {
    return put(key, body, null, false);
  }

  FragmentStore.Stored put(FragmentKey key, byte[] body, @Nullable Long ttl, boolean pin) {
    return put(TENANT, key, meta(ttl, pin), null, body);
  }

  FragmentStore.Stored put(
      String tenant,
      FragmentKey key,
      FragmentMeta meta,
      @Nullable ContentDigest claimed,
      byte[] body) {
    try (Payload payload = payload(store, body)) {
      return store.put(tenant, key, meta, claimed, payload);
    }
  }

  /** Puts, unless other bytes are there. */
  static void putOrNot(FragmentStore store, FragmentKey key, byte[] body) {
    try (Payload payload = payload(store, body)) {
      store.put(TENANT, key, meta(null, false), null, payload);
    } catch (MembraneException e) {
      assertThat(e.code()).isEqualTo(ErrorCode.FRAGMENT_CONFLICT);
    }
  }

  private static Payload payload(FragmentStore store, byte[] bytes) {
    try (Claim claim = store.claim(bytes.length)) {
      claim.append(ByteBuffer.wrap(bytes));
      return claim.commit();
    }
  }

  Name name(FragmentKey key) {
    return store.name(TENANT, key);
  }

  boolean isThere(FragmentKey key) {
    return store.exists(List.of(name(key))).getFirst();
  }

  /** The bytes of a fragment, or null if it is not there. */
  byte @Nullable [] read(FragmentKey key) {
    return read(store, TENANT, key);
  }

  static byte @Nullable [] read(FragmentStore store, String tenant, FragmentKey key) {
    try (Fragment fragment = store.get(store.name(tenant, key))) {
      return fragment == null ? null : bytes(fragment);
    }
  }

  static byte[] bytes(Fragment fragment) {
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(fragment.body().length()));
    fragment.body().forEach(0, fragment.body().length(), bytes::put);
    return bytes.array();
  }

  static FragmentMeta meta(@Nullable Long ttl, boolean pin) {
    return new FragmentMeta(Seeds.namespace(16), null, new TokenSpan(0, 16), null, ttl, pin);
  }

  byte[] body(FragmentKey key) {
    return Objects.requireNonNull(read(key));
  }

  Description description(FragmentKey key) {
    return Objects.requireNonNull(store.describe(name(key)));
  }

  @Nullable Long expires(FragmentKey key) {
    return description(key).expiresAtMs();
  }

  /** Keys of all bodies. */
  List<byte[]> bodies() {
    return redis.keys(RedisKeys.BODY_PREFIX + "*");
  }

  /** Key of the body of a fragment. */
  byte[] bodyKey(FragmentKey key) {
    byte[] digest = redis.hget(RedisKeys.name(name(key)), bytes("digest"));
    ContentDigest content = new ContentDigest(new String(digest, UTF_8));
    byte[] id = redis.hget(RedisKeys.content(content), bytes("body"));
    return RedisKeys.body(new String(id, UTF_8));
  }

  void damage(FragmentKey key, String field, boolean missing) {
    byte[] redisKey = RedisKeys.name(name(key));
    byte[] value = redis.hget(redisKey, bytes(field));
    value[value.length / 2] ^= 0x40;
    if (missing) {
      redis.hdel(redisKey, bytes(field));
    } else {
      redis.hset(redisKey, bytes(field), value);
    }
  }

  /** What Redis counts for a tenant. */
  Usage usage() {
    return store.tenants().usage(TENANT);
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
