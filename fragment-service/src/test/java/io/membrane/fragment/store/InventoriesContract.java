package io.membrane.fragment.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.fixture.ConfiguredRedis;
import io.membrane.fixture.RedisAudit;
import io.membrane.fixture.Seeds;
import io.membrane.fixture.TestClock;
import io.membrane.fragment.inventory.Held;
import io.membrane.fragment.inventory.Inventory;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** An inventory is what a look at every name in Redis finds. */
abstract class InventoriesContract extends StoreOnRedis {

  private static final String DOMAIN = "tenant:" + TENANT;

  @Test
  void itFollowsPutsDeletesEndsAndEvictionsOfEveryReplica() {
    try (MemoryTier tier = tier()) {
      FragmentStore other = open(tier, 3_000_000L);
      List<FragmentStore> replicas = List.of(store, other);
      Seeds.forAll(
          3,
          random -> {
            List<FragmentKey> known = new ArrayList<>();
            for (int step = 0; step < 400; step++) {
              FragmentStore replica = replicas.get(random.nextInt(2));
              switch (random.nextInt(12)) {
                case 0, 1 -> {
                  if (!known.isEmpty()) {
                    replica.delete(TENANT, known.get(random.nextInt(known.size())));
                  }
                }
                case 2 -> other.housekeeping().tidy();
                case 3 -> isWhatRedisHolds(replica);
                case 4 -> {
                  if (!known.isEmpty()) {
                    FragmentKey key = known.get(random.nextInt(known.size()));
                    putOrNot(replica, key, Seeds.bytes(random, 1 + random.nextInt(3000)));
                  }
                }
                default -> {
                  FragmentKey key = new FragmentKey(Seeds.hash(random), key().slice());
                  put(key, Seeds.bytes(random, 1 + random.nextInt(20_000)), ttl(random), false);
                  known.add(key);
                }
              }
            }
            // Until nothing is left that ends soon.
            Awaitility.await()
                .untilAsserted(() -> {
                  other.housekeeping().tidy();
                  assertThat(
                          redis.zrangebyscore(
                              bytes(RedisKeys.PREFIX + "expiry"),
                              io.lettuce.core.Range.create(
                                  0, System.currentTimeMillis() + 100_000)))
                      .isEmpty();
                });
            replicas.forEach(this::isWhatRedisHolds);
            assertThat(store.inventories().of(DOMAIN).digest())
                .isEqualTo(other.inventories().of(DOMAIN).digest());
          });
    }
  }

  private static Long ttl(java.util.random.RandomGenerator random) {
    return random.nextInt(4) == 0 ? 1L : 1000L;
  }

  @Test
  void whatIsNoFragmentOrAnothersIsNotInIt() {
    FragmentKey key = key();
    put(key, bytes("mine"));
    put("t2", key, meta(null, false), null, bytes("another's"));
    redis.set(RedisKeys.name(Name.of(DOMAIN, "memory/ns/k")), bytes("x"));
    assertThat(held(store.inventories().of(DOMAIN)))
        .containsExactly(Map.entry(key, digest("mine")));
    assertThat(held(store.inventories().of("tenant:t2")))
        .containsExactly(Map.entry(key, digest("another's")));
    assertThat(held(store.inventories().of("tenant:t3"))).isEmpty();
  }

  @Test
  void moreChangesThanAPageAreLearntAtOnce() {
    assertThat(store.inventories().of(DOMAIN).size()).isZero();
    for (int i = 0; i < 2 * NameNotes.MOST + 1; i++) {
      put(key(), bytes("x" + i));
    }
    isWhatRedisHolds(store);
  }

  @Test
  void whenNotesAreMissingEverythingIsReadAgain() {
    put(key(), bytes("a"));
    isWhatRedisHolds(store);
    redis.del(bytes(RedisKeys.PREFIX + "notes"));
    put(key(), bytes("b"));
    isWhatRedisHolds(store);
  }

  @Test
  void aRedisThatHasLostEverythingHoldsNothing() {
    put(key(), bytes("a"));
    isWhatRedisHolds(store);
    contents.empty();
    assertThat(store.inventories().of(DOMAIN).size()).isZero();
    put(key(), bytes("b"));
    isWhatRedisHolds(store);
  }

  @Test
  void noNoteIsTakenWhileNobodyAsks() {
    put(key(), bytes("a"));
    store.delete(TENANT, key());
    assertThat(redis.exists(bytes(RedisKeys.PREFIX + "notes"))).isZero();
    store.inventories().of(DOMAIN);
    put(key(), bytes("b"));
    assertThat(redis.xlen(bytes(RedisKeys.PREFIX + "notes"))).isEqualTo(2);
    assertThat(redis.pttl(bytes(RedisKeys.PREFIX + "notes"))).isBetween(1L, 60_000L);
  }

  @Test
  void whatNobodyAsksForIsForgottenAndMadeAgain() {
    TestClock clock = new TestClock();
    try (ConfiguredRedis configured = new ConfiguredRedis(properties())) {
      Inventories inventories = inventories(configured, 1_000_000, clock);
      put(key(), bytes("a"));
      Inventory first = inventories.of(DOMAIN);
      clock.advance(Duration.ofMinutes(4));
      inventories.follow();
      assertThat(inventories.of(DOMAIN)).isSameAs(first);
      clock.advance(Duration.ofMinutes(6));
      inventories.follow();
      put(key(), bytes("b"));
      assertThat(inventories.of(DOMAIN)).isNotSameAs(first);
      assertThat(inventories.of(DOMAIN).size()).isEqualTo(2);
    }
  }

  @Test
  void moreKeysThanThereIsMemoryForAreRefused() {
    try (ConfiguredRedis configured = new ConfiguredRedis(properties())) {
      Inventories inventories = inventories(configured, 310, Clock.systemUTC());
      for (int i = 0; i < 10; i++) {
        put(key(), bytes("x" + i));
      }
      assertThat(inventories.of(DOMAIN).size()).isEqualTo(10);
      put(key(), bytes("one more"));
      assertThat(refusal(() -> inventories.of(DOMAIN))).isEqualTo(ErrorCode.STORAGE_FULL);
      assertThat(
              org.assertj.core.api.Assertions.catchThrowableOfType(
                  MembraneException.class, () -> inventories.of(DOMAIN)))
          .hasMessageContaining("-Xmx");
      store.delete(TENANT, held(store.inventories().of(DOMAIN)).keySet().iterator().next());
      assertThat(inventories.of(DOMAIN).size()).isEqualTo(10);
    }
  }

  private static Inventories inventories(ConfiguredRedis redis, long mostKeys, Clock clock) {
    return new Inventories(
        new NameNotes(new RedisCalls(redis.connections(), new SimpleMeterRegistry())),
        mostKeys,
        clock);
  }

  private MemoryTier tier() {
    return new MemoryTier(0, 64 << 20, Duration.ofSeconds(2), true, Clock.systemUTC());
  }

  /** Both at one moment: names that end in between are looked for again. */
  void isWhatRedisHolds(FragmentStore replica) {
    Awaitility.await()
        .untilAsserted(() -> {
          replica.housekeeping().tidy();
          assertThat(held(replica.inventories().of(DOMAIN))).isEqualTo(scanned());
        });
  }

  Map<FragmentKey, ContentDigest> held() {
    return held(store.inventories().of(DOMAIN));
  }

  private static Map<FragmentKey, ContentDigest> held(Inventory inventory) {
    Map<FragmentKey, ContentDigest> held = new HashMap<>();
    for (int bucket = 0; bucket < Inventory.BUCKETS; bucket++) {
      List<Held> page = inventory.keys(bucket, null);
      while (!page.isEmpty()) {
        page.forEach(each -> held.put(each.key(), each.digest()));
        page = inventory.keys(bucket, page.getLast().key());
      }
    }
    assertThat(inventory.size()).isEqualTo(held.size());
    return held;
  }

  private Map<FragmentKey, ContentDigest> scanned() {
    String prefix = RedisKeys.PREFIX + "name:" + DOMAIN + "/";
    Map<FragmentKey, ContentDigest> found = new HashMap<>();
    for (byte[] key : contents.keys(prefix + "*")) {
      byte[] record = redis.get(key);
      Map<String, String> fields = record == null ? null : RedisAudit.nameFields(string(record));
      if (fields != null
          && !hasEnded(Long.parseLong(Objects.requireNonNull(fields.get("expires"))))) {
        found.put(
            FragmentKey.parse(string(key).substring(prefix.length())),
            new ContentDigest(Objects.requireNonNull(fields.get("digest"))));
      }
    }
    return found;
  }

  private static boolean hasEnded(long ends) {
    return ends > 0 && ends <= System.currentTimeMillis();
  }

  private static String string(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
