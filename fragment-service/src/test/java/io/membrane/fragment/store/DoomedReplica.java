package io.membrane.fragment.store;

import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.fixture.RedisConnections;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.compression.Compression;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.Payload;
import io.membrane.rpc.MembraneException;
import io.membrane.tenancy.Policy;
import io.membrane.tenancy.Sharing;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/**
 * A process with a store of its own that puts and removes until it is killed. Of each fragment it
 * says {@code + <key> <content>} once the put is acknowledged and {@code - <key>} before it asks to
 * remove it.
 */
final class DoomedReplica {

  static final Duration PUT_WINDOW = Duration.ofSeconds(1);

  /** Bodies that all replicas put again and again. */
  static final List<byte[]> CONTENTS = contents();

  private static final int THREADS = 6;
  private static final long MEMORY = 16 << 20;

  private final FragmentStore store;

  private DoomedReplica(FragmentStore store) {
    this.store = store;
  }

  /**
   * Entry point.
   *
   * @param arguments port of Redis, seed
   */
  public static void main(String[] arguments) throws InterruptedException {
    FragmentStore store =
        store(RedisConnections.to(Integer.parseInt(arguments[0])), MEMORY, PUT_WINDOW);
    store.start();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      Random random = new Random(Long.parseLong(arguments[1]) * THREADS + i);
      String tenant = "t" + i % 2;
      threads.add(Thread.ofPlatform().start(() -> new DoomedReplica(store).go(tenant, random)));
    }
    for (Thread thread : threads) {
      thread.join();
    }
  }

  static FragmentStore store(
      LettuceConnectionFactory connections, long keepBytes, Duration putWindow) {
    MemoryTier memory =
        new MemoryTier(keepBytes, MEMORY, Duration.ofSeconds(2), false, Clock.systemUTC());
    return new FragmentStore(
        connections,
        settings(putWindow),
        Policy.standard(Sharing.ISOLATED),
        1L << 30,
        memory,
        Clock.systemUTC(),
        new SimpleMeterRegistry());
  }

  static StoreSettings settings(Duration putWindow) {
    return new StoreSettings(
        "redis", "local", Duration.ofHours(1), 1_000_000, putWindow, 0, Compression.NONE);
  }

  private void go(String tenant, RandomGenerator random) {
    List<FragmentKey> mine = new ArrayList<>();
    while (!Thread.currentThread().isInterrupted()) {
      try {
        if (mine.isEmpty() || random.nextInt(4) > 0) {
          FragmentKey key = new FragmentKey(Seeds.hash(random), Slice.attention(4));
          put(tenant, key, random.nextInt(CONTENTS.size()), random.nextInt(8) == 0);
          mine.add(key);
        } else {
          FragmentKey key = mine.remove(random.nextInt(mine.size()));
          say("- " + store.name(tenant, key));
          store.delete(tenant, key);
        }
      } catch (MembraneException e) {
        // Not acknowledged; the next may be.
      }
    }
  }

  private void put(String tenant, FragmentKey key, int content, boolean pin) {
    byte[] body = CONTENTS.get(content);
    try (Claim claim = store.claim(body.length)) {
      claim.append(ByteBuffer.wrap(body));
      try (Payload payload = claim.commit()) {
        store.put(tenant, key, StoreOnRedis.meta(null, pin), null, payload);
        say("+ " + store.name(tenant, key) + " " + content);
      }
    }
  }

  private static void say(String line) {
    System.out.println(line);
  }

  private static List<byte[]> contents() {
    Random random = new Random(23);
    List<byte[]> contents = new ArrayList<>();
    for (int bytes = 100; contents.size() < 12; bytes = bytes * 9 / 5) {
      contents.add(Seeds.bytes(random, bytes));
    }
    return contents;
  }
}
