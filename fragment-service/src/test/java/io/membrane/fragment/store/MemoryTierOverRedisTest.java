package io.membrane.fragment.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.fixture.Seeds;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What is kept in memory is what Redis has, or nothing. */
class MemoryTierOverRedisTest extends MemoryOnRedis {

  @Test
  void whatWasPutOrReadIsServedWithoutRedis() {
    FragmentKey key = key();
    byte[] body = Seeds.bytes(random, 100_000);
    put(key, body);
    process.pause();
    try {
      assertThat(read(key)).isEqualTo(body);
    } finally {
      process.resume();
    }
    memory.forget(name(key));
    assertThat(read(key)).isEqualTo(body);
    process.pause();
    try {
      assertThat(read(key)).isEqualTo(body);
    } finally {
      process.resume();
    }
  }

  @Test
  void memoryNeverKeepsMoreThanItMayAndReadsStayRight() {
    List<FragmentKey> keys = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      keys.add(key());
      put(keys.getLast(), Seeds.bytes(new Random(i), 300_000 + i));
      assertThat(memory.keptBytes()).isBetween(1L, 8L << 20);
    }
    for (int i = 0; i < 60; i++) {
      assertThat(read(keys.get(i))).isEqualTo(Seeds.bytes(new Random(i), 300_000 + i));
    }
  }

  @Test
  void whatAnotherReplicaRemovesIsForgotten() {
    try (MemoryTier other = tier()) {
      FragmentStore replica = open(other, CAPACITY);
      replica.catchUp();
      FragmentKey key = key();
      put(key, bytes("x"));
      assertThat(read(replica, TENANT, key)).isEqualTo(bytes("x"));
      store.delete(TENANT, key);
      assertThat(other.describe(name(key))).isNotNull();

      replica.catchUp();

      assertThat(other.describe(name(key))).isNull();
      assertThat(read(replica, TENANT, key)).isNull();
      put(key, bytes("y"));
      assertThat(read(replica, TENANT, key)).isEqualTo(bytes("y"));
    }
  }

  @Test
  void whatEndsIsNotServedFromMemory() {
    FragmentKey key = key();
    put(key, bytes("x"), 1L, false);
    assertThat(memory.describe(name(key))).isNotNull();
    Awaitility.await().until(() -> read(key) == null);
  }

  @Test
  void aRedisThatHasLostItsDataEmptiesTheMemoryToo() {
    FragmentKey key = key();
    put(key, bytes("x"));
    redis.flushall();
    store.catchUp();
    assertThat(read(key)).isNull();
    assertThat(memory.keptBytes()).isZero();
  }

  @Test
  void moreChangesThanRedisRemembersEmptyTheMemoryToo() {
    FragmentKey key = key();
    put(key, bytes("x"));
    store.delete(TENANT, key);
    put(key, bytes("y"));
    store.delete(TENANT, key);
    FragmentKey kept = key();
    put(kept, bytes("z"));
    redis.xtrim(bytes(RedisKeys.PREFIX + "changes"), 1);
    store.catchUp();
    assertThat(memory.keptBytes()).isZero();
    assertThat(read(kept)).isEqualTo(bytes("z"));
  }

  @Test
  void bytesThatAreDamagedInRedisDoNotMatterToWhoHasThemInMemory() {
    FragmentKey key = key();
    put(key, bytes("the bytes"));
    redis.set(bodyKey(key), bytes("otherwise"));
    assertThat(read(key)).isEqualTo(bytes("the bytes"));
  }

  @Test
  void replicasThatPutReadAndRemoveAtOnceEndWithTheSame() throws InterruptedException {
    try (MemoryTier other = tier()) {
      FragmentStore replica = open(other, CAPACITY);
      List<FragmentKey> keys = List.of(key(), key(), key(), key());
      AtomicBoolean ended = new AtomicBoolean();
      List<Thread> threads = new ArrayList<>();
      for (FragmentStore each : List.of(store, replica)) {
        threads.add(
            Thread.ofVirtual()
                .start(() -> {
                  while (!ended.get()) {
                    each.catchUp();
                  }
                }));
        for (int i = 0; i < 3; i++) {
          Random own = new Random(i);
          threads.add(Thread.ofVirtual().start(() -> work(each, own, keys)));
        }
      }
      for (Thread thread : threads) {
        if (threads.indexOf(thread) % 4 != 0) {
          thread.join();
        }
      }
      ended.set(true);
      for (Thread thread : threads) {
        thread.join();
      }
      store.catchUp();
      replica.catchUp();
      for (FragmentKey key : keys) {
        Name name = name(key);
        byte[] here = read(store, TENANT, key);
        assertThat(read(replica, TENANT, key)).isEqualTo(here);
        memory.forget(name);
        assertThat(read(store, TENANT, key)).isEqualTo(here);
      }
    }
  }

  private void work(FragmentStore each, Random own, List<FragmentKey> keys) {
    for (int i = 0; i < 150; i++) {
      FragmentKey key = keys.get(own.nextInt(keys.size()));
      switch (own.nextInt(4)) {
        case 0 -> each.delete(TENANT, key);
        case 1 -> putOrNot(each, key, new byte[] {(byte) own.nextInt(2)});
        default -> {
          byte[] read = read(each, TENANT, key);
          assertThat(read == null ? 1 : read.length).isEqualTo(1);
        }
      }
    }
  }

  private MemoryTier tier() {
    return new MemoryTier(keepBytes(), 8 << 20, Duration.ofSeconds(2), true, Clock.systemUTC());
  }
}
