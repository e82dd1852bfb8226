package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lettuce.core.Range;
import io.lettuce.core.cluster.api.sync.RedisClusterCommands;
import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.fixture.ConfiguredRedis;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.compression.Compression;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.Payload;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.tenancy.Policy;
import io.membrane.tenancy.Sharing;
import io.membrane.wire.FragmentClient.FragmentMeta;
import io.membrane.wire.LogEntry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;

/** A store on an empty Redis, and what lies there. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // connected before the first test, where that is possible
abstract class StoreOnRedis {

  static final Duration DEFAULT_TTL = Duration.ofHours(24);
  static final Duration PUT_WINDOW = Duration.ofSeconds(2);
  static final Long CAPACITY = 1L << 30;
  static final String TENANT = "t1";

  final Random random = new Random(7);
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final List<FragmentStore> replicas = new ArrayList<>();
  private ConfiguredRedis configured;
  RedisContents contents;
  RedisClusterCommands<byte[], byte[]> redis;
  MemoryTier memory;
  FragmentStore store;

  /** What names a Redis that may be emptied; aborts the test, with the reason, if there is none. */
  abstract String[] properties();

  /** The same for one who may do everything there. */
  String[] propertiesOfAdministrator() {
    return properties();
  }

  void connect() {
    configured = new ConfiguredRedis(properties());
    contents = new RedisContents(propertiesOfAdministrator());
    redis = contents.redis;
    memory =
        new MemoryTier(
            keepBytes(), 64 << 20, 32 << 20, Duration.ofSeconds(2), true, Clock.systemUTC());
    store = open(memory, CAPACITY);
  }

  /** Bytes that the memory tier keeps; without it everything comes from Redis. */
  long keepBytes() {
    return 0;
  }

  /** How bodies are written. */
  Compression compression() {
    return Compression.NONE;
  }

  /** Another replica over the same Redis. */
  FragmentStore open(MemoryTier tier, @Nullable Long redisCapacity) {
    return open(tier, redisCapacity, 0);
  }

  FragmentStore open(MemoryTier tier, @Nullable Long redisCapacity, long writeBehind) {
    return open(tier, redisCapacity, writeBehind, compression());
  }

  FragmentStore open(MemoryTier tier, @Nullable Long redisCapacity, Compression compression) {
    return open(tier, redisCapacity, 0, compression);
  }

  private FragmentStore open(
      MemoryTier tier, @Nullable Long redisCapacity, long writeBehind, Compression compression) {
    FragmentStore opened =
        new FragmentStore(
            configured.connections(),
            new StoreSettings(
                "redis", "local", DEFAULT_TTL, 100_000, PUT_WINDOW, writeBehind, compression),
            Policy.standard(Sharing.ISOLATED),
            redisCapacity,
            tier,
            Clock.systemUTC(),
            meters);
    replicas.add(opened);
    return opened;
  }

  @AfterAll
  void disconnect() {
    if (contents != null) {
      contents.close();
      configured.close();
      assertThat(memory.passingBytes()).isZero();
      assertThat(memory.leaks()).isZero();
      memory.close();
    }
  }

  @BeforeEach
  void empty() {
    if (contents == null) {
      connect();
    }
    contents.empty();
    store.catchUp();
  }

  /** As soon as the sweep has taken what is left over. */
  void isConsistentAfterASweep() {
    Awaitility.await()
        .untilAsserted(() -> {
          store.housekeeping().sweep();
          isConsistent();
        });
  }

  /** Counts in Redis are those that a look at every key gives. */
  void isConsistent() {
    replicas.forEach(FragmentStore::catchUp);
    contents.areConsistent(usage());
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

  static FragmentStore.Stored put(FragmentStore store, FragmentKey key, byte[] body) {
    try (Payload payload = payload(store, body)) {
      return store.put(TENANT, key, meta(null, false), null, payload);
    }
  }

  /** Puts, unless other bytes are there. */
  static void putOrNot(FragmentStore store, FragmentKey key, byte[] body) {
    try {
      put(store, key, body);
    } catch (MembraneException e) {
      assertThat(e.code()).isEqualTo(ErrorCode.FRAGMENT_CONFLICT);
    }
  }

  static Payload payload(FragmentStore store, byte[] bytes) {
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

  /** Keys of all bodies, once what was given up is unlinked. */
  List<byte[]> bodies() {
    replicas.forEach(FragmentStore::catchUp);
    return contents.bodies();
  }

  /** Soon, since nobody waits for a body to be given up. */
  void hasBodies(int bodies) {
    Awaitility.await().untilAsserted(() -> assertThat(bodies()).hasSize(bodies));
  }

  /** Key of the body of a fragment. */
  byte[] bodyKey(FragmentKey key) {
    return contents.bodyKey(name(key));
  }

  void damage(FragmentKey key, String field, boolean missing) {
    contents.damage(name(key), field, missing);
  }

  /** What Redis counts for a tenant. */
  Usage usage() {
    return store.tenants().usage(TENANT);
  }

  double corrupt() {
    return count(FragmentMetric.CORRUPT);
  }

  /** Calls of Redis that ended so. */
  long calls(String outcome) {
    return meters.find(FragmentMetric.REDIS.meter()).tag("outcome", outcome).timers().stream()
        .mapToLong(Timer::count)
        .sum();
  }

  /** Calls of one kind that ended so. */
  long callsTo(String call, String outcome) {
    return meters
        .find(FragmentMetric.REDIS.meter())
        .tags("call", call, "outcome", outcome)
        .timers()
        .stream()
        .mapToLong(Timer::count)
        .sum();
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

  static ErrorCode refusal(ThrowingCallable call) {
    return catchThrowableOfType(MembraneException.class, call).code();
  }

  static ContentDigest digest(String text) {
    return ContentDigest.of(bytes(text));
  }

  static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  double count(FragmentMetric counter) {
    return meters.counter(counter.meter()).count();
  }
}
