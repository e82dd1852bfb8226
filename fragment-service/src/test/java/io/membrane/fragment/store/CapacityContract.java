package io.membrane.fragment.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.membrane.block.FragmentKey;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.tenancy.Policy;
import io.membrane.tenancy.Sharing;
import io.membrane.wire.LogEntry;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What the store keeps when Redis may not hold more. */
abstract class CapacityContract extends DamageContract {

  @Test
  void aFullRedisStoresNothingHalf() {
    put(key(), Seeds.bytes(random, 100_000), null, true);
    contents.limitMemory(used -> 1024L);
    FragmentKey key = key();

    assertThat(refusal(() -> put(key, Seeds.bytes(random, 100_000))))
        .isEqualTo(ErrorCode.STORAGE_FULL);

    assertThat(store.describe(name(key))).isNull();
    hasBodies(1);
    assertThat(usage()).isEqualTo(new Usage(100_000, 1));
    contents.limitMemory(used -> 0L);
    assertThat(put(key, bytes("room again")).isNew()).isTrue();
  }

  @Test
  void aRedisThatIsFullBeforeItsLimitGivesUpWhatIsWorthLeast() {
    contents.limitMemory(used -> used + 2_500_000);
    FragmentKey last = key();
    for (int i = 0; i < 100; i++) {
      last = key();
      put(last, Seeds.bytes(random, 100_000));
    }
    assertThat(isThere(last)).isTrue();
    assertThat(bodies().size()).isBetween(3, 25 * contents.primaries());
  }

  @Test
  void whatIsDeletedFromAFullRedisMakesRoomAtOnce() {
    assumeThat(contents.primaries()).as("bodies of a cluster lie elsewhere").isEqualTo(1);
    contents.limitMemory(used -> used + 2_500_000);
    Deque<FragmentKey> pinned = new ArrayDeque<>();
    boolean isFull = false;
    while (!isFull) {
      FragmentKey key = key();
      try {
        put(key, Seeds.bytes(random, 100_000), null, true);
        pinned.push(key);
      } catch (MembraneException e) {
        assertThat(e.code()).isEqualTo(ErrorCode.STORAGE_FULL);
        isFull = true;
      }
    }
    for (int i = 0; i < 5; i++) {
      store.delete(TENANT, pinned.pop());
      store.delete(TENANT, pinned.pop());
      assertThat(put(key(), Seeds.bytes(random, 100_000), null, true).isNew()).isTrue();
    }
  }

  @Test
  void redisHoldsNoMoreThanItMayAndItsOwnNumbersSaySo() {
    long before = contents.usedMemory();
    long most = 5_000_000L;
    withRoomFor(
        most,
        () -> {
          FragmentKey pinned = key();
          put(pinned, Seeds.bytes(random, 100_000), null, true);
          for (int i = 0; i < 200; i++) {
            put(key(), Seeds.bytes(random, random.nextInt(1, 200_000)));
            assertThat(store.redisBytes()).isLessThanOrEqualTo(most);
          }
          assertThat(isThere(pinned)).isTrue();
          assertThat(store.redisBytes()).isGreaterThan(most - 300_000);
          long log = redis.memoryUsage(bytes(LogEntry.STREAM));
          Awaitility.await().until(() -> contents.usedMemory() - before - log <= most);
          isConsistent();
        });
  }

  @Test
  void whereNothingMayGoNothingMoreIsStored() {
    withRoomFor(
        2_000_000L,
        () -> {
          ErrorCode end = null;
          int pinned = 0;
          for (; end == null && pinned < 100; pinned++) {
            try {
              put(key(), Seeds.bytes(random, 100_000), null, true);
            } catch (MembraneException e) {
              end = e.code();
            }
          }
          assertThat(end).isEqualTo(ErrorCode.STORAGE_FULL);
          assertThat(pinned).isBetween(10, 20);
          hasBodies(pinned - 1);
        });
  }

  @Test
  void whatIsReadOutlivesWhatIsNot() {
    withRoomFor(
        3_000_000L,
        () -> {
          FragmentKey used = key();
          put(used, Seeds.bytes(random, 50_000));
          for (int i = 0; i < 150; i++) {
            put(key(), Seeds.bytes(random, 50_000));
            body(used);
            store.housekeeping().tidy();
          }
          assertThat(isThere(used)).isTrue();
        });
  }

  @Test
  void aPinKeepsFromEvictionUntilItEnds() {
    withRoomFor(
        3_000_000L,
        () -> {
          FragmentKey key = key();
          put(key, Seeds.bytes(random, 50_000));
          store.pin(TENANT, "a", Duration.ofMinutes(1), List.of(key));
          assertThat(store.pin(TENANT, "b", Duration.ofMinutes(1), List.of(key, key())))
              .containsExactly(true, false);
          assertThat(store.pin("t2", "a", Duration.ofMinutes(1), List.of(key)))
              .containsExactly(false);
          fill();
          assertThat(isThere(key)).isTrue();
          store.unpin(TENANT, "a");
          fill();
          assertThat(isThere(key)).isTrue();
          store.pin(TENANT, "b", Duration.ofMillis(1), List.of(key));
          Awaitility.await()
              .until(() -> {
                store.housekeeping().tidy();
                return redis.zcard(bytes(RedisKeys.PREFIX + "pins")) == 0;
              });
          fill();
          assertThat(isThere(key)).isFalse();
        });
  }

  @Test
  void whoPutsIntoAFullStoreFindsRoomHoweverManyDo() {
    withRoomFor(
        3_000_000L,
        () -> {
          fill();
          try (ExecutorService threads = Executors.newFixedThreadPool(16)) {
            List<Future<String>> puts = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
              FragmentKey key = key();
              byte[] body = Seeds.bytes(random, 20_000);
              puts.add(threads.submit(() -> outcome(key, body)));
            }
            assertThat(puts).extracting(Future::get).containsOnly("NEW");
          }
        });
  }

  @Test
  void aLowerClassGoesFirst() {
    withRoomFor(
        3_000_000L,
        () -> {
          store.tenants().setPolicy("low", new Policy(null, null, null, Sharing.ISOLATED, null, 1));
          List<FragmentKey> high = IntStream.range(0, 20).mapToObj(i -> key()).toList();
          high.forEach(key -> put(key, Seeds.bytes(random, 50_000)));
          for (int i = 0; i < 100; i++) {
            put("low", key(), meta(null, false), null, Seeds.bytes(random, 50_000));
          }
          assertThat(high).allMatch(this::isThere);
        });
  }

  @Test
  void withoutACapacityItIsFourFifthsOfWhatRedisMayTake() {
    contents.limitMemory(used -> 100_000_000L);
    assertThat(open(memory, null).redisCapacity() / contents.primaries())
        .isBetween(79_900_000L, 80_000_000L);
    contents.limitMemory(used -> 0L);
    assertThat(open(memory, null).redisCapacity()).isGreaterThan(80_000_000L);
  }

  /** Runs a test on a store that may take so many bytes of Redis. */
  private void withRoomFor(long bytes, Runnable test) {
    FragmentStore unbounded = store;
    store = open(memory, bytes);
    try {
      test.run();
    } finally {
      store = unbounded;
    }
  }

  private void fill() {
    for (int i = 0; i < 80; i++) {
      put(key(), Seeds.bytes(random, 50_000));
    }
    store.housekeeping().tidy();
  }
}
