package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.TokenSpan;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.tenancy.Policy;
import io.membrane.tenancy.Sharing;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.FragmentClient.FragmentMeta;
import io.membrane.wire.LogEntry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the store promises, on whichever Redis it stands. */
abstract class FragmentStoreContract extends StoreOnRedis {

  @Test
  void whatIsPutIsGotBackWithItsMetadata() {
    FragmentKey key = key();
    BlockHash parent = Seeds.hash(random);
    FragmentMeta meta =
        new FragmentMeta(Seeds.namespace(16), parent, new TokenSpan(16, 32), null, 3600L, false);
    byte[] body = Seeds.bytes(random, 5000);

    FragmentStore.Stored stored = put(TENANT, key, meta, ContentDigest.of(body), body);

    Description description = description(key);
    assertThat(stored.isNew()).isTrue();
    assertThat(read(key)).isEqualTo(body);
    assertThat(Objects.requireNonNull(description.meta()).parent()).isEqualTo(parent);
    assertThat(description.secondsLeft(System.currentTimeMillis())).isBetween(3590L, 3600L);
    assertThat(description.digest()).isEqualTo(ContentDigest.of(body));
    assertThat(description.bytes()).isEqualTo(body.length);
    assertThat(description.logPosition()).isEqualTo(stored.logPosition());
    assertThat(store.exists(List.of(name(key), name(key())))).containsExactly(true, false);
  }

  @Test
  void theLogTellsOfAPutBeforeItIsAcknowledged() {
    FragmentKey key = key();
    byte[] body = {1, 2, 3};

    String position = put(key, body).logPosition();

    Event event = log().getLast().event();
    assertThat(log()).hasSize(1);
    assertThat(log().getLast().node()).isEqualTo("redis");
    assertThat(log().getLast().cluster()).isEqualTo("local");
    assertThat(event.type()).isEqualTo(EventType.STORED);
    assertThat(event.blockHash()).isEqualTo(key.hash());
    assertThat(event.slice()).isEqualTo(key.slice());
    assertThat(event.bytes()).isEqualTo(3);
    assertThat(event.tier()).isEqualTo("redis");
    assertThat(event.expiresAtMs()).isEqualTo(expires(key));
    assertThat(position).isEqualTo(lastPosition());
  }

  @Test
  void equalBytesAreTheSameFragmentAndOtherBytesAConflict() {
    FragmentKey key = key();
    FragmentStore.Stored first = put(key, bytes("first"), 3600L, false);

    FragmentStore.Stored again = put(key, bytes("first"), 60L, false);
    ErrorCode other = refusal(() -> put(key, bytes("other")));

    assertThat(again)
        .isEqualTo(new FragmentStore.Stored(false, first.digest(), first.logPosition()));
    assertThat(other).isEqualTo(ErrorCode.FRAGMENT_CONFLICT);
    assertThat(body(key)).isEqualTo(bytes("first"));
    assertThat(log()).hasSize(1);
  }

  @Test
  void aWrongDigestStoresNothing() {
    FragmentKey key = key();
    assertThat(refusal(() -> put(TENANT, key, meta(null, false), digest("other"), bytes("these"))))
        .isEqualTo(ErrorCode.DIGEST_MISMATCH);
    assertThat(isThere(key)).isFalse();
    hasBodies(0);
  }

  @Test
  void aLifeIsOnlyEverProlongedAndTheLogTellsOfIt() {
    FragmentKey key = key();
    put(key, bytes("x"), 100L, false);
    long first = Objects.requireNonNull(expires(key));

    put(key, bytes("x"), 50L, false);
    put(key, bytes("x"), 105L, false);
    assertThat(expires(key)).isEqualTo(first);
    put(key, bytes("x"), 200L, false);
    long longer = Objects.requireNonNull(expires(key));
    assertThat(longer).isBetween(first + 90_000, first + 110_000);
    put(key, bytes("x"), null, true);
    assertThat(expires(key)).isNull();
    put(key, bytes("x"), 10L, false);
    assertThat(expires(key)).isNull();

    assertThat(log().stream().map(entry -> entry.event().expiresAtMs()))
        .containsExactly(first, longer, null);
  }

  @Test
  void aFragmentLivesAsLongAsTheDefaultSaysUnlessItIsPinned() {
    FragmentKey mortal = key();
    FragmentKey pinned = key();
    put(mortal, bytes("x"));
    put(pinned, bytes("x"), null, true);
    assertThat(description(mortal).secondsLeft(System.currentTimeMillis()))
        .isBetween(DEFAULT_TTL.toSeconds() - 60, DEFAULT_TTL.toSeconds());
    assertThat(expires(pinned)).isNull();
  }

  @Test
  void aFragmentThatHasEndedIsGoneAndIsTidiedUp() {
    FragmentKey key = key();
    put(key, bytes("x"), 1L, false);
    Awaitility.await().until(() -> !isThere(key));
    assertThat(read(key)).isNull();
    assertThat(put(key, bytes("y"), 1L, false).isNew()).isTrue();
    Awaitility.await().until(() -> !isThere(key));

    store.housekeeping().tidy();

    isEmpty();
    assertThat(log().getLast().event().type()).isEqualTo(EventType.REMOVED);
  }

  @Test
  void aPutIsAnnouncedAgainWhenTheLogHasLostIt() {
    FragmentKey key = key();
    put(key, bytes("x"));
    redis.del(bytes(LogEntry.STREAM));

    FragmentStore.Stored again = put(key, bytes("x"));

    assertThat(again.isNew()).isFalse();
    assertThat(again.logPosition()).isEqualTo(lastPosition());
    assertThat(put(key, bytes("x")).logPosition()).isEqualTo(again.logPosition());
    assertThat(log()).hasSize(1);
  }

  @Test
  void aRemovalIsAnnouncedAndMayBeRepeated() {
    FragmentKey key = key();
    put(key, bytes("x"));
    store.delete(TENANT, key);
    store.delete(TENANT, key);
    assertThat(read(key)).isNull();
    assertThat(store.describe(name(key))).isNull();
    isEmpty();
    assertThat(log().stream().map(entry -> entry.event().type()))
        .containsExactly(EventType.STORED, EventType.REMOVED, EventType.REMOVED);
    assertThat(put(key, bytes("y")).isNew()).isTrue();
  }

  @Test
  void manyAreGotInTheOrderAskedForWithHoles() {
    List<FragmentKey> keys = IntStream.range(0, 50).mapToObj(i -> key()).toList();
    IntStream.range(0, 50).filter(i -> i % 3 > 0).forEach(i -> put(keys.get(i), bytes("b" + i)));

    List<@Nullable Fragment> got = store.get(keys.stream().map(this::name).toList());

    for (int i = 0; i < 50; i++) {
      try (Fragment fragment = got.get(i)) {
        assertThat(fragment == null ? null : bytes(fragment))
            .isEqualTo(i % 3 == 0 ? null : bytes("b" + i));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"digest", "meta", "seal", "bytes", "expires", "generation"})
  void aNameWithAFlippedBitOrAMissingFieldIsAMissAndCanBePutAgain(String field) {
    for (boolean missing : new boolean[] {false, true}) {
      FragmentKey key = key();
      put(key, bytes("the bytes"));
      damage(key, field, missing);

      byte[] read = read(key);

      assertThat(read).isIn(null, bytes("the bytes"));
      put(key, bytes("the bytes"));
      assertThat(body(key)).isEqualTo(bytes("the bytes"));
    }
  }

  @Test
  void bytesWithAFlippedBitAreDroppedWithAllTheirNamesAndCanBePutAgain() {
    FragmentKey one = key();
    FragmentKey two = key();
    put(one, bytes("the bytes"));
    put(two, bytes("the bytes"));
    double corrupt = corrupt();
    redis.setbit(bodyKey(one), 13, 1 - redis.getbit(bodyKey(one), 13).intValue());

    assertThat(read(one)).isNull();

    assertThat(corrupt()).isEqualTo(corrupt + 1);
    assertThat(read(two)).isNull();
    assertThat(log().getLast().event().type()).isEqualTo(EventType.REMOVED);
    isEmpty();
    assertThat(put(one, bytes("the bytes")).isNew()).isTrue();
    assertThat(body(one)).isEqualTo(bytes("the bytes"));
  }

  @Test
  void bytesThatAreShorterOrGoneAreDroppedAndCanBePutAgain() {
    FragmentKey key = key();
    put(key, bytes("the bytes"));
    redis.set(bodyKey(key), bytes("the byte"));
    assertThat(read(key)).isNull();
    put(key, bytes("the bytes"));
    redis.del(bodyKey(key));
    assertThat(read(key)).isNull();
    isEmpty();
    assertThat(put(key, bytes("the bytes")).isNew()).isTrue();
    assertThat(body(key)).isEqualTo(bytes("the bytes"));
  }

  @Test
  void anEqualPutMakesDamagedBytesWholeWithoutAReadBefore() {
    FragmentKey key = key();
    put(key, bytes("the bytes"));
    redis.set(bodyKey(key), bytes("otherwise"));
    assertThat(put(key, bytes("the bytes")).isNew()).isFalse();
    assertThat(body(key)).isEqualTo(bytes("the bytes"));
    hasBodies(1);
  }

  @Test
  void namesAndBytesThatWereSwappedAreMisses() {
    FragmentKey one = key();
    FragmentKey two = key();
    put(one, bytes("of one"));
    put(two, bytes("of two"));
    contents.swap(bodyKey(one), bodyKey(two));
    assertThat(read(one)).isNull();
    assertThat(read(two)).isNull();
    put(one, bytes("of one"));
    put(two, bytes("of two"));
    contents.swap(RedisKeys.name(name(one)), RedisKeys.name(name(two)));
    assertThat(read(one)).isNull();
    assertThat(read(two)).isNull();
  }

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

  private void fill() {
    for (int i = 0; i < 80; i++) {
      put(key(), Seeds.bytes(random, 50_000));
    }
    store.housekeeping().tidy();
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
  void equalBytesAreStoredOnceHoweverManyNamesTheyHave() {
    byte[] body = Seeds.bytes(random, 100_000);
    List<FragmentKey> keys = IntStream.range(0, 20).mapToObj(i -> key()).toList();
    keys.forEach(key -> put(key, body));
    put("t2", keys.getFirst(), meta(null, false), null, body);

    hasBodies(1);
    assertThat(usage()).isEqualTo(new Usage(2_000_000, 20));
    keys.forEach(key -> store.delete(TENANT, key));
    hasBodies(1);
    assertThat(read(store, "t2", keys.getFirst())).isEqualTo(body);
    store.delete("t2", keys.getFirst());
    isEmpty();
  }

  @Test
  void aTenantSeesNothingOfAnotherUnlessBothShare() {
    FragmentKey key = key();
    put(key, bytes("of t1"));
    assertThat(read(store, "t2", key)).isNull();
    assertThat(store.exists(store.names("t2", List.of(key)))).containsExactly(false);
    assertThat(put("t2", key, meta(null, false), null, bytes("of t2")).isNew()).isTrue();
    assertThat(body(key)).isEqualTo(bytes("of t1"));
    store.delete("t2", key);
    assertThat(body(key)).isEqualTo(bytes("of t1"));

    Policy group = new Policy(null, null, null, Sharing.GROUP, "g", 3);
    List.of("g1", "g2").forEach(tenant -> store.tenants().setPolicy(tenant, group));
    put("g1", key, meta(null, false), null, bytes("of the group"));
    assertThat(read(store, "g2", key)).isEqualTo(bytes("of the group"));
    assertThat(put("g2", key, meta(null, false), null, bytes("of the group")).isNew()).isFalse();
    assertThat(refusal(() -> store.delete("g2", key))).isEqualTo(ErrorCode.FORBIDDEN);
    assertThat(read(store, "t2", key)).isNull();
  }

  @Test
  void aQuotaIsHardAlsoWhenManyPutAtOnce() throws Exception {
    store.tenants().setPolicy(TENANT, new Policy(100_000L, 50L, null, Sharing.ISOLATED, null, 3));
    List<Callable<String>> puts = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      FragmentKey key = key();
      byte[] body = Seeds.bytes(random, 9_000);
      puts.add(() -> outcome(key, body));
    }
    assertThat(atOnce(puts))
        .filteredOn(outcome -> outcome.equals("QUOTA_EXCEEDED"))
        .hasSize(64 - 11);
    assertThat(usage()).isEqualTo(new Usage(99_000, 11));
    hasBodies(11);
    isConsistent();
  }

  private String outcome(FragmentKey key, byte[] body) {
    try {
      return put(key, body).isNew() ? "NEW" : "SAME";
    } catch (MembraneException e) {
      return e.code().name();
    }
  }

  @Test
  void theNumbersAreExactAfterAnyCalls() throws Exception {
    List<FragmentKey> keys = IntStream.range(0, 6).mapToObj(i -> key()).toList();
    List<Callable<String>> work = new ArrayList<>();
    for (int thread = 0; thread < 6; thread++) {
      Random own = new Random(thread);
      work.add(() -> {
        for (int i = 0; i < 80; i++) {
          FragmentKey key = keys.get(own.nextInt(keys.size()));
          switch (own.nextInt(4)) {
            case 0 -> store.delete(TENANT, key);
            case 1 -> read(key);
            default -> outcome(key, new byte[1 + own.nextInt(3)]);
          }
        }
        return "done";
      });
    }
    atOnce(work);
    isConsistent();
    keys.forEach(key -> store.delete(TENANT, key));
    isEmpty();
  }

  /** Counts in Redis are those that a look at every key gives. */
  private void isConsistent() {
    Awaitility.await().untilAsserted(() -> contents.areConsistent(usage()));
  }

  /** Soon, since nobody waits for a body to be given up. */
  private void hasBodies(int bodies) {
    Awaitility.await().untilAsserted(() -> assertThat(bodies()).hasSize(bodies));
  }

  /** Nothing is left of any fragment. */
  private void isEmpty() {
    isConsistent();
    hasBodies(0);
    assertThat(usage()).isEqualTo(new Usage(0, 0));
    assertThat(redis.exists(bytes(RedisKeys.PREFIX + "rank"), bytes(RedisKeys.PREFIX + "expiry")))
        .isZero();
  }

  @Test
  void theSweepFindsBodiesWithoutANameAndNamesWithoutABody() {
    FragmentKey key = key();
    FragmentKey gone = key();
    put(key, bytes("stays"));
    put(gone, bytes("loses its body"));
    redis.del(bodyKey(gone));
    long old = System.currentTimeMillis() - PUT_WINDOW.toMillis() * 2;
    redis.set(RedisKeys.body(RedisKeys.newBodyId(digest("a"), old)), bytes("a"));
    redis.set(
        RedisKeys.body(RedisKeys.newBodyId(digest("b"), System.currentTimeMillis())), bytes("b"));

    assertThat(store.housekeeping().sweep()).isEqualTo(new Sweep.Swept(1, 1));

    assertThat(body(key)).isEqualTo(bytes("stays"));
    assertThat(isThere(gone)).isFalse();
    Awaitility.await().until(() -> bodies().size() == 2);
  }

  @Test
  void aRedisThatDoesNotKnowTheScriptsIsToldThem() {
    FragmentKey key = key();
    put(key, bytes("x"));
    redis.scriptFlush();
    assertThat(body(key)).isEqualTo(bytes("x"));
    assertThat(put(key, bytes("x")).isNew()).isFalse();
  }

  @Test
  void withoutACapacityItIsFourFifthsOfWhatRedisMayTake() {
    contents.limitMemory(used -> 100_000_000L);
    assertThat(open(memory, null).redisCapacity() / contents.primaries())
        .isBetween(79_900_000L, 80_000_000L);
    contents.limitMemory(used -> 0L);
    assertThat(open(memory, null).redisCapacity()).isGreaterThan(80_000_000L);
  }

  @Test
  void ofManyPutsAtOnceExactlyOneIsNewAndTheRestIsSameOrConflict() throws Exception {
    FragmentKey key = key();
    List<Callable<String>> puts = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      byte[] body = bytes(i % 2 == 0 ? "even" : "odd");
      puts.add(() -> {
        try {
          return (put(key, body).isNew() ? "new " : "same ") + new String(body, UTF_8);
        } catch (MembraneException e) {
          return e.code() + " " + new String(body, UTF_8);
        }
      });
    }
    List<String> outcomes = atOnce(puts);
    String kept = new String(body(key), UTF_8);
    String lost = kept.equals("even") ? "odd" : "even";
    assertThat(outcomes).containsOnlyOnce("new " + kept);
    assertThat(outcomes).filteredOn(o -> o.equals("same " + kept)).hasSize(15);
    assertThat(outcomes).filteredOn(o -> o.equals("FRAGMENT_CONFLICT " + lost)).hasSize(16);
  }

  @Test
  void theLastWordOfTheLogIsTrueAfterPutsAndRemovalsAtOnce() throws Exception {
    List<FragmentKey> keys = List.of(key(), key(), key());
    List<Callable<String>> work = new ArrayList<>();
    for (int thread = 0; thread < 6; thread++) {
      Random own = new Random(thread);
      work.add(() -> {
        for (int i = 0; i < 60; i++) {
          FragmentKey key = keys.get(own.nextInt(keys.size()));
          if (own.nextBoolean()) {
            store.delete(TENANT, key);
          } else {
            putUnlessRemoved(key, (long) own.nextInt(1000, 2000));
          }
        }
        return "done";
      });
    }
    atOnce(work);
    for (FragmentKey key : keys) {
      EventType last =
          log().stream()
              .map(LogEntry::event)
              .filter(event -> key.hash().equals(event.blockHash()))
              .reduce((a, b) -> b)
              .orElseThrow()
              .type();
      assertThat(last == EventType.STORED).isEqualTo(isThere(key));
    }
  }

  private void putUnlessRemoved(FragmentKey key, long ttl) {
    put(key, bytes("x"), ttl, false);
  }

  private static <T> List<T> atOnce(List<Callable<T>> work) throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<T> results = new ArrayList<>();
      for (Future<T> future : threads.invokeAll(work)) {
        results.add(future.get());
      }
      return results;
    }
  }
}
