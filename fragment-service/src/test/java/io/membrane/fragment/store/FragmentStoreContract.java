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
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.FragmentClient.FragmentMeta;
import io.membrane.wire.LogEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
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

    FragmentStore.Stored stored = store.put(key, meta, ContentDigest.of(body), body);

    Fragment fragment = Objects.requireNonNull(store.get(key));
    assertThat(stored.isNew()).isTrue();
    assertThat(fragment.body()).isEqualTo(body);
    assertThat(fragment.description()).isEqualTo(store.describe(key));
    assertThat(fragment.description().meta().parent()).isEqualTo(parent);
    assertThat(fragment.description().meta().ttlSeconds()).isBetween(3590L, 3600L);
    assertThat(fragment.description().digest()).isEqualTo(ContentDigest.of(body));
    assertThat(fragment.description().bytes()).isEqualTo(body.length);
    assertThat(fragment.description().logPosition()).isEqualTo(stored.logPosition());
    assertThat(store.sizes(List.of(key, key()))).containsExactly(5000L, 0L);
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
    assertThat(refusal(() -> store.put(key, meta(null, false), digest("other"), bytes("these"))))
        .isEqualTo(ErrorCode.DIGEST_MISMATCH);
    assertThat(redis.dbsize()).isZero();
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
    assertThat(redis.pttl(FragmentHash.key(key))).isEqualTo(-1);
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
    assertThat(redis.pttl(FragmentHash.key(mortal)))
        .isBetween(DEFAULT_TTL.toMillis() - 60_000, DEFAULT_TTL.toMillis());
    assertThat(redis.pttl(FragmentHash.key(pinned))).isEqualTo(-1);
    assertThat(Objects.requireNonNull(store.describe(pinned)).meta().pin()).isTrue();
  }

  @Test
  void aPutThatDiedBeforeItWasAnnouncedIsAnnouncedByTheNext() {
    FragmentKey key = key();
    put(key, bytes("x"));
    redis.hset(FragmentHash.key(key), bytes("pending"), bytes("1"));
    redis.hdel(FragmentHash.key(key), bytes("position"));

    FragmentStore.Stored again = put(key, bytes("x"), 10L, false);

    assertThat(again.isNew()).isFalse();
    assertThat(again.logPosition()).isEqualTo(lastPosition());
    assertThat(log()).hasSize(2);
    assertThat(put(key, bytes("x"), 10L, false).logPosition()).isEqualTo(again.logPosition());
    assertThat(log()).hasSize(2);
  }

  @Test
  void aRemovalIsAnnouncedAndMayBeRepeated() {
    FragmentKey key = key();
    put(key, bytes("x"));
    store.delete(key);
    store.delete(key);
    assertThat(store.get(key)).isNull();
    assertThat(store.describe(key)).isNull();
    assertThat(log().stream().map(entry -> entry.event().type()))
        .containsExactly(EventType.STORED, EventType.REMOVED, EventType.REMOVED);
    assertThat(put(key, bytes("y")).isNew()).isTrue();
  }

  @Test
  void manyAreGotInTheOrderAskedForWithHoles() {
    List<FragmentKey> keys = IntStream.range(0, 50).mapToObj(i -> key()).toList();
    IntStream.range(0, 50).filter(i -> i % 3 > 0).forEach(i -> put(keys.get(i), bytes("b" + i)));

    List<@Nullable Fragment> got = store.get(keys);

    for (int i = 0; i < 50; i++) {
      Fragment fragment = got.get(i);
      assertThat(fragment == null ? null : fragment.body())
          .isEqualTo(i % 3 == 0 ? null : bytes("b" + i));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"body", "digest", "meta", "seal", "expires"})
  void aFragmentWithAFlippedBitOrAMissingFieldIsDroppedAndCanBePutAgain(String field) {
    FragmentKey key = key();
    for (boolean missing : new boolean[] {false, true}) {
      put(key, bytes("the bytes"));
      double corrupt = corrupt();
      damage(key, field, missing);

      assertThat(store.get(key)).isNull();

      assertThat(corrupt()).isEqualTo(corrupt + 1);
      assertThat(redis.exists(FragmentHash.key(key))).isZero();
      assertThat(log().getLast().event().type()).isEqualTo(EventType.REMOVED);
      assertThat(put(key, bytes("the bytes")).isNew()).isTrue();
      assertThat(body(key)).isEqualTo(bytes("the bytes"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"digest", "meta", "seal", "body"})
  void aDescriptionIsCheckedWithoutItsBytes(String field) {
    FragmentKey key = key();
    put(key, bytes("the bytes"));
    damage(key, field, true);
    assertThat(store.describe(key)).isNull();
    assertThat(redis.exists(FragmentHash.key(key))).isZero();
  }

  @Test
  void aTruncatedBodyIsFoundWithoutReadingIt() {
    FragmentKey key = key();
    put(key, bytes("the bytes"));
    redis.hset(FragmentHash.key(key), FragmentHash.BODY, bytes("the byte"));
    assertThat(store.describe(key)).isNull();
  }

  @Test
  void fragmentsWhoseHashesWereSwappedAreBothMisses() {
    FragmentKey one = key();
    FragmentKey two = key();
    put(one, bytes("of one"));
    put(two, bytes("of two"));
    byte[] aside = bytes("aside");
    redis.rename(FragmentHash.key(one), aside);
    redis.rename(FragmentHash.key(two), FragmentHash.key(one));
    redis.rename(aside, FragmentHash.key(two));
    assertThat(store.get(List.of(one, two))).containsExactly(null, null);
  }

  @Test
  void aFullRedisStoresNothingHalf() {
    put(key(), Seeds.bytes(random, 100_000));
    long keys = redis.dbsize();
    redis.configSet("maxmemory", "1kb");
    FragmentKey key = key();

    assertThat(refusal(() -> put(key, Seeds.bytes(random, 100_000))))
        .isEqualTo(ErrorCode.STORAGE_FULL);

    assertThat(store.describe(key)).isNull();
    assertThat(redis.dbsize()).isEqualTo(keys);
    redis.configSet("maxmemory", "0");
    assertThat(put(key, bytes("room again")).isNew()).isTrue();
  }

  @Test
  void aRedisThatGetsFullBetweenTheBytesAndTheLogTakesTheBytesBack() {
    redis.configSet("maxmemory", usedMemory() + 1_500_000 + "b");
    List<FragmentKey> stored = new ArrayList<>();
    ErrorCode end = null;
    for (int i = 0; i < 100 && end == null; i++) {
      FragmentKey key = key();
      try {
        put(key, Seeds.bytes(random, 300_000));
        stored.add(key);
      } catch (MembraneException e) {
        end = e.code();
        assertThat(store.describe(key)).isNull();
      }
    }
    assertThat(end).isEqualTo(ErrorCode.STORAGE_FULL);
    assertThat(log()).hasSameSizeAs(stored);
    assertThat(store.sizes(stored)).allMatch(bytes -> bytes == 300_000);
  }

  @Test
  void aFullRedisThatMayEvictDropsFragmentsAndNeverAPinOrTheLog() {
    FragmentKey pinned = key();
    put(pinned, Seeds.bytes(random, 100_000), null, true);
    redis.configSet("maxmemory-policy", "volatile-lru");
    redis.configSet("maxmemory", usedMemory() + 2_000_000 + "b");
    List<FragmentKey> keys = IntStream.range(0, 60).mapToObj(i -> key()).toList();
    keys.forEach(key -> put(key, Seeds.bytes(random, 100_000)));
    assertThat(store.get(pinned)).isNotNull();
    assertThat(store.sizes(keys)).contains(0L, 100_000L);
    assertThat(log()).hasSize(61);
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
            store.delete(key);
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
      assertThat(last == EventType.STORED).isEqualTo(store.describe(key) != null);
    }
  }

  private void putUnlessRemoved(FragmentKey key, long ttl) {
    try {
      put(key, bytes("x"), ttl, false);
    } catch (MembraneException e) {
      assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED);
    }
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
