package io.membrane.fragment.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.RedisAudit;
import io.membrane.fixture.RedisConnections;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.Payload;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/**
 * One body with many names, which every put exchanges for its own: nobody may miss it, also if a
 * put is not told what became of it. Nothing is kept in memory.
 */
class SharedBodyTest {

  private static final String TENANT = "t1";
  private static final int THREADS = 12;
  private static final int ROUNDS = 4;

  private final RedisProcess redis = RedisProcess.embedded();
  private final FaultProxy proxy = new FaultProxy(redis.port());
  private final LettuceConnectionFactory throughProxy = RedisConnections.to(proxy.port());
  private final LettuceConnectionFactory direct = RedisConnections.to(redis.port());
  private final FragmentStore store = DoomedReplica.store(throughProxy, 0, Duration.ofMinutes(10));
  private final Catalog catalog =
      new Catalog(
          new RedisCalls(direct, new SimpleMeterRegistry()),
          DoomedReplica.settings(Duration.ofMinutes(10)));
  private final Random random = new Random(29);
  private final FragmentKey first = key();
  private final byte[] body = Seeds.bytes(random, 10_000);
  private final AtomicInteger acknowledged = new AtomicInteger();
  private volatile boolean over;
  private int reads;

  @AfterEach
  void stop() {
    throughProxy.destroy();
    direct.destroy();
    proxy.close();
    redis.close();
  }

  @Test
  void whoeverReadsWhileOthersPutEqualBytesFindsThem() throws Exception {
    Awaitility.await().until(() -> put(first));
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> running = putters(threads);
      try {
        for (int i = 0; i < 1000; i++) {
          isNotMissed();
        }
      } finally {
        over = true;
      }
      await(running);
    }
    assertThat(reads).isGreaterThan(500);
  }

  @Test
  void aPutThatRedisDoesAfterNobodyWaitsForItAnyMoreKeepsItsBytes() throws Exception {
    survives(running -> {
      redis.pause();
      await(running);
      redis.resume();
    });
  }

  @Test
  void aPutThatIsSentAgainSinceItsAnswerWasCutKeepsItsBytes() throws Exception {
    survives(running -> {
      proxy.heal();
      await(running);
    });
  }

  @Test
  void aNameWhoseDamagedBodyWasExchangedIsNotCondemnedWithIt() {
    put(first);
    String damaged = bodyId();
    put(first);
    catalog.condemn(store.name(TENANT, first), damaged);
    assertThat(StoreOnRedis.read(store, TENANT, first)).isEqualTo(body);
    catalog.condemn(store.name(TENANT, first), bodyId());
    assertThat(StoreOnRedis.read(store, TENANT, first)).isNull();
  }

  /** Else the time of a put would tell whether others have its bytes. */
  @Test
  void theBodyThatAPutMakesSuperfluousIsUnlinkedLater() {
    put(first);
    String before = bodyId();
    put(key());
    assertThat(orphans()).containsExactly(before);
    store.catchUp();
    assertThat(orphans()).isEmpty();

    before = bodyId();
    store.delete(TENANT, first);
    assertThat(orphans()).isEmpty();
    put(first);
    assertThat(orphans()).containsExactly(before);
    store.stop();
    Awaitility.await().untilAsserted(() -> assertThat(orphans()).isEmpty());
  }

  @Test
  void bodiesThatWaitToBeUnlinkedAreBounded() {
    for (int i = 0; i < 1500; i++) {
      put(first);
    }
    assertThat(orphans()).hasSizeBetween(1000, 1100);
    store.catchUp();
    assertThat(orphans()).isEmpty();
  }

  private Set<String> orphans() {
    return RedisAudit.of(redis.port()).orphans();
  }

  /** A busy Redis may take too long to answer, now and then. */
  private void isNotMissed() {
    try {
      assertThat(StoreOnRedis.read(store, TENANT, first)).isNotNull();
      reads++;
    } catch (MembraneException e) {
      assertThat(e.code()).isEqualTo(ErrorCode.DEPENDENCY_UNAVAILABLE);
    }
  }

  private String bodyId() {
    return ((Lookup.Whole)
            Objects.requireNonNull(catalog.resolve(List.of(store.name(TENANT, first))).getFirst()))
        .bodyId();
  }

  /** What happens to puts that are under way, and are the last. */
  private interface Fate {
    void befall(List<Future<?>> running) throws Exception;
  }

  private void survives(Fate fate) throws Exception {
    Awaitility.await().until(() -> put(first));
    for (int round = 0; round < ROUNDS; round++) {
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        over = false;
        int enough = acknowledged.get() + THREADS + random.nextInt(THREADS);
        List<Future<?>> running = putters(threads);
        try {
          Awaitility.await().until(() -> acknowledged.get() >= enough);
        } finally {
          over = true;
        }
        fate.befall(running);
      }
      Awaitility.await().ignoreExceptions().until(() -> store.tenants().usage(TENANT) != null);
      RedisAudit.Report found = RedisAudit.of(redis.port());
      assertThat(found.dangling()).as("round %d", round).isEmpty();
      assertThat(found.errors()).isEmpty();
    }
  }

  private List<Future<?>> putters(ExecutorService threads) {
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      FragmentKey own = key();
      running.add(
          threads.submit(() -> {
            while (!over) {
              put(own);
            }
          }));
    }
    return running;
  }

  private static void await(List<Future<?>> running) throws Exception {
    for (Future<?> each : running) {
      each.get();
    }
  }

  private synchronized FragmentKey key() {
    return new FragmentKey(Seeds.hash(random), Slice.attention(4));
  }

  /** Whether it was acknowledged. */
  private boolean put(FragmentKey key) {
    try (Claim claim = store.claim(body.length)) {
      claim.append(ByteBuffer.wrap(body));
      try (Payload payload = claim.commit()) {
        store.put(TENANT, key, StoreOnRedis.meta(null, false), null, payload);
        acknowledged.incrementAndGet();
        return true;
      }
    } catch (MembraneException e) {
      assertThat(e.code()).isEqualTo(ErrorCode.DEPENDENCY_UNAVAILABLE);
      return false;
    }
  }
}
