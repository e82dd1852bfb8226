package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.Payload;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.tenancy.Policy;
import io.membrane.tenancy.Sharing;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Values that are written again, by several replicas over one Redis, each with a memory. */
class ValuesTest extends StoreOnRedis {

  private static final String DATA = "memory/n/data:1";
  private static final String META = "memory/n/meta:1";

  private final RedisProcess process = RedisProcess.embedded();

  @Override
  String[] properties() {
    return process.properties();
  }

  @Override
  long keepBytes() {
    return 8 << 20;
  }

  @AfterAll
  void stop() {
    process.close();
  }

  @Test
  void theLastWriteHoldsAtOnceForEveryReplica() {
    try (MemoryTier other = tier()) {
      FragmentStore replica = open(other, CAPACITY);
      for (int i = 0; i < 50; i++) {
        byte[] body = Seeds.bytes(random, random.nextInt(5000));
        FragmentStore writer = i % 2 == 0 ? store : replica;
        FragmentStore reader = i % 2 == 0 ? replica : store;
        put(writer, TENANT, DATA, body);
        assertThat(get(reader, DATA)).isEqualTo(body);
        assertThat(get(reader, DATA)).isEqualTo(body);
        assertThat(get(writer, DATA)).isEqualTo(body);
        assertThat(reader.values().describe(TENANT, DATA))
            .extracting(Description::bytes)
            .isEqualTo((long) body.length);
      }
      store.values().delete(TENANT, DATA);
      assertThat(get(replica, DATA)).isNull();
      assertThat(replica.values().describe(TENANT, DATA)).isNull();
      hasBodies(0);
    }
  }

  @Test
  void aValueThatIsStillTheSameComesFromMemory() {
    byte[] body = Seeds.bytes(random, 10_000);
    put(store, TENANT, DATA, body);
    bodies().forEach(redis::del);
    assertThat(get(store, DATA)).isEqualTo(body);
  }

  @Test
  void withoutRedisNothingIsSaid() {
    put(store, TENANT, DATA, bytes("x"));
    process.pause();
    try {
      assertThat(refusal(() -> briefly(() -> store.values().get(TENANT, DATA))))
          .isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
      assertThat(refusal(() -> briefly(() -> store.values().describe(TENANT, DATA))))
          .isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
    } finally {
      process.resume();
    }
    Awaitility.await().ignoreExceptions().until(() -> get(store, DATA) != null);
  }

  private static void briefly(Callable<?> call) throws Exception {
    CallContext.of(TENANT, Duration.ofMillis(300))
        .call(() -> {
          call.call();
          return true;
        });
  }

  @Test
  void aValueMayBeEmpty() {
    put(store, TENANT, DATA, new byte[0]);
    assertThat(get(store, DATA)).isEmpty();
    memory.forget(Name.of("tenant:" + TENANT, DATA));
    assertThat(get(store, DATA)).isEmpty();
  }

  @Test
  void theLogTellsOfNoValue() {
    put(store, TENANT, DATA, bytes("x"));
    put(store, TENANT, DATA, bytes("y"));
    store.values().delete(TENANT, DATA);
    assertThat(log()).isEmpty();
  }

  @Test
  void whoReadsWhileManyWriteSeesOneOfTheirValuesWhole() throws Exception {
    try (MemoryTier other = tier();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      FragmentStore replica = open(other, CAPACITY);
      put(store, TENANT, DATA, written(0, 0));
      List<Callable<Integer>> all = new ArrayList<>();
      for (int i = 1; i <= 6; i++) {
        int writer = i;
        FragmentStore each = i % 2 == 0 ? store : replica;
        all.add(() -> {
          for (int n = 0; n < 60; n++) {
            put(each, TENANT, DATA, written(writer, n));
          }
          return 0;
        });
        all.add(() -> {
          for (int n = 0; n < 60; n++) {
            byte[] read = readOrNull(each);
            assertThat(read).isEqualTo(written(read[0], read[1]));
          }
          return 0;
        });
      }
      for (Future<Integer> done : threads.invokeAll(all)) {
        assertThat(done.get()).isZero();
      }
      assertThat(get(replica, DATA)).isEqualTo(get(store, DATA));
      hasBodies(1);
      assertThat(usage().fragments()).isEqualTo(1);
    }
  }

  /**
   * Overtaken all the time, a reader is told to come again; it is never told that nothing is there.
   */
  private static byte[] readOrNull(FragmentStore each) {
    while (true) {
      try {
        byte[] read = get(each, DATA);
        assertThat(read).isNotNull();
        return read == null ? new byte[0] : read;
      } catch (MembraneException e) {
        assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED);
      }
    }
  }

  private static byte[] written(int writer, int n) {
    byte[] body = new byte[3000 + 100 * writer];
    Arrays.fill(body, (byte) (writer + n));
    body[0] = (byte) writer;
    body[1] = (byte) n;
    return body;
  }

  @Test
  void whatIsWrittenAgainIsChargedOnceAndToWhoWroteLast() {
    Policy group = new Policy(null, null, null, Sharing.GROUP, "g", 3);
    store.tenants().setPolicy(TENANT, group);
    store.tenants().setPolicy("t2", group);
    put(store, TENANT, DATA, new byte[100]);
    put(store, TENANT, DATA, new byte[70]);
    assertThat(usage()).isEqualTo(new Usage(70, 1));
    put(store, "t2", DATA, new byte[30]);
    assertThat(usage()).isEqualTo(new Usage(0, 0));
    assertThat(store.tenants().usage("t2")).isEqualTo(new Usage(30, 1));
    assertThat(get(store, DATA)).hasSize(30);
    store.values().delete(TENANT, DATA);
    assertThat(store.tenants().usage("t2")).isEqualTo(new Usage(0, 0));
    store.tenants().setPolicy(TENANT, Policy.standard(Sharing.ISOLATED));
  }

  @Test
  void aQuotaRefusesTheNewValueAndKeepsTheOldOne() {
    store.tenants().setPolicy("q", new Policy(100L, null, null, Sharing.ISOLATED, null, 3));
    put(store, "q", DATA, new byte[100]);
    put(store, "q", DATA, new byte[99]);
    assertThat(refusal(() -> put(store, "q", DATA, new byte[101])))
        .isEqualTo(ErrorCode.QUOTA_EXCEEDED);
    assertThat(refusal(() -> put(store, "q", META, new byte[2])))
        .isEqualTo(ErrorCode.QUOTA_EXCEEDED);
    try (Fragment value = store.values().get("q", DATA)) {
      assertThat(value).isNotNull().extracting(v -> v.body().length()).isEqualTo(99L);
    }
  }

  @Test
  void metadataGoesWithItsDataWhenThatIsRemovedAndStaysWhenThatIsWrittenAgain() {
    put(store, TENANT, DATA, bytes("x"));
    put(store, TENANT, META, bytes("{}"));
    put(store, TENANT, DATA, bytes("y"));
    assertThat(get(store, META)).isEqualTo(bytes("{}"));
    store.values().delete(TENANT, DATA);
    assertThat(get(store, META)).isNull();
    assertThat(usage()).isEqualTo(new Usage(0, 0));
  }

  @Test
  void metadataGoesWithDataThatIsFoundDamaged() {
    put(store, TENANT, DATA, Seeds.bytes(random, 1000));
    byte[] body = bodies().getFirst();
    put(store, TENANT, META, bytes("{}"));
    redis.set(body, Seeds.bytes(random, 1000));
    memory.forget(Name.of("tenant:" + TENANT, DATA));
    assertThat(get(store, DATA)).isNull();
    assertThat(get(store, META)).isNull();
  }

  @Test
  void metadataEndsNotLaterThanItsData() {
    store.tenants().setPolicy("brief", new Policy(null, null, 1L, Sharing.ISOLATED, null, 3));
    put(store, "brief", DATA, bytes("x"));
    store.tenants().setPolicy("brief", new Policy(null, null, 60L, Sharing.ISOLATED, null, 3));
    put(store, "brief", META, bytes("{}"));
    Awaitility.await()
        .until(() -> {
          boolean described = isThere("brief", META);
          assertThat(isThere("brief", DATA) || !described || !isThere("brief", META)).isTrue();
          store.housekeeping().tidy();
          return !described;
        });
    assertThat(isThere("brief", DATA)).isFalse();
  }

  @Test
  void aBoundedRedisEvictsNoDataBeforeItsMetadata() {
    try (MemoryTier other = tier()) {
      FragmentStore bounded = open(other, 2L << 20);
      for (int i = 0; i < 120; i++) {
        put(bounded, TENANT, "memory/n/meta:" + i, bytes("{\"n\":" + i + "}"));
        put(bounded, TENANT, "memory/n/data:" + i, Seeds.bytes(random, 60_000));
        put(bounded, TENANT, "memory/n/meta:" + i, bytes("{\"m\":" + i + "}"));
        int some = random.nextInt(i + 1);
        try (Fragment meta = bounded.values().get(TENANT, "memory/n/meta:" + some)) {
          assertThat(meta == null || isThere(TENANT, "memory/n/data:" + some)).isTrue();
        }
        assertThat(bounded.redisBytes()).isLessThanOrEqualTo(2 << 20);
      }
      int whole = 0;
      for (int i = 0; i < 120; i++) {
        boolean data = isThere(TENANT, "memory/n/data:" + i);
        whole += data ? 1 : 0;
        assertThat(data || !isThere(TENANT, "memory/n/meta:" + i)).isTrue();
      }
      assertThat(whole).isBetween(10, 60);
    }
  }

  @Test
  void aPrefixIsClearedAndNothingElse() {
    for (int i = 0; i < 300; i++) {
      put(store, TENANT, "memory/n/" + i, bytes("x"));
    }
    put(store, TENANT, "memory/n/data:1", bytes("x"));
    put(store, TENANT, "memory/n/meta:1", bytes("x"));
    put(store, TENANT, "memory/n2/1", bytes("x"));
    put(store, TENANT, "memory/*/1", bytes("x"));
    put(store, TENANT, "memory/[n]\\/1", bytes("x"));
    put(store, "t2", "memory/n/1", bytes("x"));
    put(key(), bytes("x"));

    assertThat(store.values().clear(TENANT, "memory/*/")).isEqualTo(1);
    assertThat(store.values().clear(TENANT, "memory/[n]\\/")).isEqualTo(1);
    assertThat(store.values().clear(TENANT, "memory/n/")).isEqualTo(302);

    assertThat(get(store, "memory/n/7")).isNull();
    assertThat(get(store, "memory/n2/1")).isNotNull();
    assertThat(isThere("t2", "memory/n/1")).isTrue();
    assertThat(usage().fragments()).isEqualTo(2);
    assertThat(store.values().clear(TENANT, "memory/n/")).isZero();
  }

  @Test
  void whatIsStoredWhileAPrefixIsClearedStaysOrGoesWhole() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> writers = new ArrayList<>();
      for (int w = 0; w < 4; w++) {
        int writer = w;
        writers.add(
            threads.submit(() -> {
              for (int i = 0; i < 100; i++) {
                put(store, TENANT, "memory/n/" + i, bytes("value " + writer));
              }
              return 0;
            }));
      }
      for (int i = 0; i < 20; i++) {
        store.values().clear(TENANT, "memory/n/");
      }
      for (Future<Integer> writer : writers) {
        assertThat(writer.get()).isZero();
      }
    }
    int left = 0;
    for (int i = 0; i < 100; i++) {
      byte[] value = get(store, "memory/n/" + i);
      left += value == null ? 0 : 1;
      assertThat(value == null || new String(value, UTF_8).matches("value [0-3]")).isTrue();
    }
    assertThat(usage().fragments()).isEqualTo(left);
    assertThat(store.values().clear(TENANT, "memory/n/")).isEqualTo(left);
    hasBodies(0);
    assertThat(redis.hget(bytes(RedisKeys.PREFIX + "store"), bytes("bytes"))).isEqualTo(bytes("0"));
  }

  @Test
  void randomWorkOfTwoReplicasIsThatOfAMap() {
    try (MemoryTier other = tier()) {
      List<FragmentStore> replicas = List.of(store, open(other, CAPACITY));
      Map<String, byte[]> model = new HashMap<>();
      for (int i = 0; i < 1500; i++) {
        FragmentStore each = replicas.get(random.nextInt(2));
        String key = "memory/n/" + random.nextInt(12);
        switch (random.nextInt(8)) {
          case 0 -> {
            each.values().delete(TENANT, key);
            model.remove(key);
          }
          case 1, 2, 3 -> {
            byte[] body = Seeds.bytes(new Random(random.nextInt(5)), random.nextInt(3) * 2000);
            put(each, TENANT, key, body);
            model.put(key, body);
          }
          case 4 -> {
            if (random.nextInt(20) == 0) {
              assertThat(each.values().clear(TENANT, "memory/n/")).isEqualTo(model.size());
              model.clear();
            }
          }
          default -> assertThat(get(each, key)).isEqualTo(model.get(key));
        }
      }
      assertThat(usage())
          .isEqualTo(
              new Usage(model.values().stream().mapToLong(b -> b.length).sum(), model.size()));
    }
  }

  @Test
  void manySmallValuesTakeNotMoreThanHalfAgainOfWhatIsCounted() {
    long before = contents.usedMemory();
    for (int i = 0; i < 2000; i++) {
      String md5 = "%032x".formatted(i);
      put(store, TENANT, "memory/vllm_kv/" + md5 + "_layer_3_chunk_7", bytes(md5));
    }
    store.housekeeping().tidy();
    assertThat((double) (contents.usedMemory() - before)).isLessThan(store.redisBytes() * 1.5);
  }

  private boolean isThere(String tenant, String key) {
    return store.values().describe(tenant, key) != null;
  }

  private static void put(FragmentStore store, String tenant, String key, byte[] body) {
    List<String> with =
        switch (key.substring(0, Math.min(key.length(), 14))) {
          case "memory/n/data:" -> List.of(key.replace("data:", "meta:"));
          case "memory/vllm_kv" -> List.of(key + "_meta", key + "s_meta", key + "x_meta");
          default -> List.of();
        };
    try (Claim claim = store.claim(body.length)) {
      claim.append(ByteBuffer.wrap(body));
      try (Payload payload = claim.commit()) {
        store.values().put(tenant, key, with, payload);
      }
    }
  }

  private static byte @Nullable [] get(FragmentStore store, String key) {
    try (Fragment value = store.values().get(TENANT, key)) {
      return value == null ? null : bytes(value);
    }
  }

  private MemoryTier tier() {
    return new MemoryTier(keepBytes(), 8 << 20, Duration.ofSeconds(2), true, Clock.systemUTC());
  }

  /** Soon, since nobody waits for a body to be given up. */
  private void hasBodies(int bodies) {
    Awaitility.await().untilAsserted(() -> assertThat(bodies()).hasSize(bodies));
  }
}
