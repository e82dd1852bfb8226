package io.membrane.fragment.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.fixture.ConfiguredRedis;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.compression.Compression;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.tenancy.Policy;
import io.membrane.tenancy.Sharing;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * One replica of the store that is written to and one that is read from, which keeps what it reads
 * in memory; each call follows upon the answer to the one before.
 */
final class FailoverLoad implements AutoCloseable {

  /** Puts that are waited for at a time. */
  static final int SOME = 100;

  private static final int WRITERS = 3;
  private static final int MOST_BYTES = 20_000;
  private static final Duration BACK_WITHIN = Duration.ofSeconds(60);
  private static final Set<ErrorCode> CLEAR =
      Set.of(ErrorCode.DEPENDENCY_UNAVAILABLE, ErrorCode.DEADLINE_EXCEEDED);

  private final ConfiguredRedis configured;
  private final RedisContents contents;
  private final MemoryTier nothing = tier(0);
  private final MemoryTier memory = tier(64 << 20);
  private final FragmentStore writing;
  private final FragmentStore reading;

  /** What bytes a fragment has, by their seed. */
  private final Map<FragmentKey, Integer> acknowledged = new ConcurrentHashMap<>();

  private final Queue<Throwable> strange = new ConcurrentLinkedQueue<>();

  /**
   * Puts that may begin: as many as keep the writers busy, and not so many that looking at all of
   * them takes long.
   */
  private final Semaphore puts = new Semaphore(0);

  private Iterator<FragmentKey> next = Collections.emptyIterator();
  private final AtomicLong refused = new AtomicLong();
  private final AtomicLong slowestNanos = new AtomicLong();
  private final AtomicBoolean over = new AtomicBoolean();
  private final ExecutorService threads = Executors.newFixedThreadPool(WRITERS + 1);

  /** Begins at once. */
  FailoverLoad(Random random, String... settings) {
    String[] redis =
        Stream.concat(Stream.of(settings), Stream.of("spring.data.redis.timeout=2s"))
            .toArray(String[]::new);
    configured = new ConfiguredRedis(redis);
    contents = new RedisContents(redis);
    writing = store(nothing);
    reading = store(memory);
    reading.start();
    for (int i = 0; i < WRITERS; i++) {
      Random own = new Random(random.nextLong());
      threads.execute(() -> untilOver(puts::acquireUninterruptibly, () -> write(own)));
    }
    threads.execute(() -> untilOver(() -> {}, this::readNext));
  }

  private static MemoryTier tier(long keepBytes) {
    return new MemoryTier(keepBytes, 8 << 20, Duration.ofSeconds(2), true, Clock.systemUTC());
  }

  private FragmentStore store(MemoryTier tier) {
    return new FragmentStore(
        configured.connections(),
        new StoreSettings(
            "redis",
            "local",
            StoreOnRedis.DEFAULT_TTL,
            100_000,
            StoreOnRedis.PUT_WINDOW,
            0,
            Compression.NONE),
        Policy.standard(Sharing.ISOLATED),
        StoreOnRedis.CAPACITY,
        tier,
        Clock.systemUTC(),
        new SimpleMeterRegistry());
  }

  private void untilOver(Runnable turn, Runnable call) {
    while (!over.get()) {
      turn.run();
      long begun = System.nanoTime();
      try {
        call.run();
      } catch (MembraneException e) {
        refused.incrementAndGet();
        if (!CLEAR.contains(e.code())) {
          strange.add(e);
        }
      } catch (RuntimeException | AssertionError e) {
        strange.add(e);
      }
      slowestNanos.accumulateAndGet(System.nanoTime() - begun, Math::max);
    }
  }

  private void write(Random own) {
    FragmentKey key = new FragmentKey(Seeds.hash(own), Slice.attention(4));
    int seed = own.nextInt();
    StoreOnRedis.put(writing, key, bytes(seed));
    acknowledged.put(key, seed);
  }

  /** Of one thread. */
  private void readNext() {
    if (next.hasNext()) {
      read(reading, next.next());
    } else {
      next = acknowledged.keySet().iterator();
    }
  }

  /** Whether it is there; its bytes are right then. */
  boolean read(FragmentKey key) {
    return read(writing, key);
  }

  private boolean read(FragmentStore store, FragmentKey key) {
    byte[] found = StoreOnRedis.read(store, StoreOnRedis.TENANT, key);
    if (found != null) {
      assertThat(found).isEqualTo(bytes(Objects.requireNonNull(acknowledged.get(key))));
    }
    return found != null;
  }

  boolean isInMemory(FragmentKey key) {
    return memory.describe(reading.name(StoreOnRedis.TENANT, key)) != null;
  }

  boolean canBePutAgain(FragmentKey key) {
    StoreOnRedis.put(writing, key, bytes(Objects.requireNonNull(acknowledged.get(key))));
    return read(writing, key) && read(reading, key);
  }

  /** Lets so many puts begin that some are under way for a while. */
  void goOn() {
    puts.release(SOME);
  }

  private static byte[] bytes(int seed) {
    Random random = new Random(seed);
    return Seeds.bytes(random, random.nextInt(1, MOST_BYTES));
  }

  Set<FragmentKey> acknowledged() {
    return new HashSet<>(acknowledged.keySet());
  }

  List<Throwable> strange() {
    return List.copyOf(strange);
  }

  Duration slowest() {
    return Duration.ofNanos(slowestNanos.get());
  }

  /** Blocks until so many more puts have been acknowledged. */
  void awaitMore() {
    int before = acknowledged.size();
    await(() -> acknowledged.size() > before + SOME);
  }

  void awaitRefusal() {
    await(() -> refused.get() > 0);
  }

  private void await(Callable<Boolean> condition) {
    Awaitility.await()
        .atMost(BACK_WITHIN)
        .pollInterval(Duration.ofMillis(20))
        .ignoreExceptionsInstanceOf(MembraneException.class)
        .until(() -> {
          puts.release(2 * WRITERS);
          return condition.call();
        });
  }

  /** Blocks until all of these are read without an error. */
  void awaitAll(Set<FragmentKey> keys) {
    await(() -> keys.stream().allMatch(this::read));
  }

  void catchUp() {
    reading.catchUp();
  }

  /** Sweeps; then no name is without bytes and no bytes are without a name. */
  void leavesNothingHalf() {
    writing.housekeeping().sweep();
    writing.catchUp();
    contents.areConsistent(writing.tenants().usage(StoreOnRedis.TENANT));
  }

  /** Returns when every call has been answered. */
  void end() {
    over.set(true);
    puts.release(WRITERS);
    threads.close();
  }

  @Override
  public void close() {
    end();
    reading.stop();
    contents.close();
    configured.close();
    memory.close();
    nothing.close();
  }
}
