package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import io.membrane.rpc.ErrorCode;
import io.membrane.tenancy.Policy;
import io.membrane.tenancy.Sharing;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What values count, what goes with them, and what is cleared and evicted. */
class ValueUpkeepTest extends ValuesOnRedis {

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
  void manySmallValuesTakeNotMoreThanHalfAgainOfWhatIsCounted() {
    long before = contents.usedMemory();
    for (int i = 0; i < 2000; i++) {
      String md5 = "%032x".formatted(i);
      put(store, TENANT, "memory/vllm_kv/" + md5 + "_layer_3_chunk_7", bytes(md5));
    }
    store.housekeeping().tidy();
    assertThat((double) (contents.usedMemory() - before)).isLessThan(store.redisBytes() * 1.5);
  }
}
