package io.membrane.directory.feed;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.directory.location.Entries;
import io.membrane.fixture.RedisClusterProcess;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.RedisSentinels;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.LogEntry;
import io.membrane.wire.LogPosition;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/**
 * What becomes of the log, and of those who write and read it, when its primary dies under load.
 */
class FailoverTest {

  private static final int WRITERS = 4;
  private static final Duration BACK_WITHIN = Duration.ofSeconds(60);

  /** The command timeout of these connections, and time for a busy machine. */
  private static final Duration ANSWERED_WITHIN = Duration.ofSeconds(20);

  @Test
  void aReplicaOfTheClusterTakesOver() {
    try (RedisClusterProcess cluster = RedisClusterProcess.withReplicas()) {
      RedisProcess primary = cluster.primaryOf(LogEntry.STREAM);
      survives(
          cluster.properties(), () -> cluster.awaitReplication(LogEntry.STREAM), primary::kill);
      assertThat(cluster.primaryOf(LogEntry.STREAM)).isNotSameAs(primary);

      primary.restart();
      cluster.awaitOk();
    }
  }

  @Test
  void aReplicaOfTheClusterTakesOverFromOneThatHangs() {
    try (RedisClusterProcess cluster = RedisClusterProcess.withReplicas()) {
      RedisProcess primary = cluster.primaryOf(LogEntry.STREAM);
      String[] settings = {
        cluster.properties()[0], "spring.data.redis.lettuce.cluster.refresh.period=1s"
      };
      survives(settings, () -> cluster.awaitReplication(LogEntry.STREAM), primary::pause);
    }
  }

  @Test
  void theSentinelsPutTheReplicaInCharge() {
    try (RedisSentinels sentinels = new RedisSentinels()) {
      RedisProcess primary = sentinels.primary();
      survives(sentinels.properties(), sentinels::awaitReplication, primary::kill);
      assertThat(sentinels.primary()).isNotSameAs(primary);
    }
  }

  @Test
  void theSentinelsPutTheReplicaInChargeOfOneThatHangs() {
    try (RedisSentinels sentinels = new RedisSentinels()) {
      survives(sentinels.properties(), sentinels::awaitReplication, sentinels.primary()::pause);
    }
  }

  /**
   * @param end what becomes of the primary
   */
  private static void survives(String[] settings, Runnable awaitReplication, Runnable end) {
    String[] redis =
        Stream.concat(Stream.of(settings), Stream.of("spring.data.redis.timeout=2s"))
            .toArray(String[]::new);
    try (Replica writing = new Replica(redis).ready();
        Replica reading = new Replica(redis).ready();
        Load load = new Load(writing.log)) {
      load.await(200);
      awaitReplication.run();
      List<LogPosition> replicated = load.acknowledged();
      load.awaitMoreThan(replicated.size());
      end.run();
      load.awaitFailure();
      long failedFirst = load.acknowledged().size();
      load.awaitMoreThan(failedFirst + 100);
      load.end();

      reading.awaitAll();
      writing.awaitAll();
      assertThat(load.strangeFailures()).isEmpty();
      assertThat(load.slowest()).isLessThan(ANSWERED_WITHIN);
      assertThat(replicated)
          .hasSizeGreaterThanOrEqualTo(200 - WRITERS)
          .allSatisfy(position -> {
            try (EventLog.Reader reader = reading.log.open()) {
              assertThat(reader.after(position).before()).isEqualTo(position);
            }
          });
      assertThat(reading.answers(1)).isEqualTo(writing.answers(1));
    }
  }

  /** Some writers, each of which appends as soon as it has been answered. */
  private static final class Load implements AutoCloseable {

    private final Queue<LogPosition> acknowledged = new ConcurrentLinkedQueue<>();
    private final Queue<Throwable> strange = new ConcurrentLinkedQueue<>();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong slowestNanos = new AtomicLong();
    private final AtomicBoolean over = new AtomicBoolean();
    private final ExecutorService writers = Executors.newFixedThreadPool(WRITERS);

    Load(EventLog log) {
      Stream.generate(() -> (Runnable) () -> write(log)).limit(WRITERS).forEach(writers::execute);
    }

    private void write(EventLog log) {
      for (long i = 0; !over.get(); i++) {
        long begun = System.nanoTime();
        try {
          acknowledged.add(
              log.append(
                  new LogBatch("n", "c1", Entries.DOMAIN, 1L, i, List.of(Entries.cleared()))));
        } catch (MembraneException e) {
          if (e.code() == ErrorCode.DEPENDENCY_UNAVAILABLE) {
            refused.incrementAndGet();
          } else {
            strange.add(e);
          }
        } catch (RuntimeException e) {
          strange.add(e);
        }
        long took = System.nanoTime() - begun;
        slowestNanos.accumulateAndGet(took, Math::max);
      }
    }

    List<LogPosition> acknowledged() {
      return List.copyOf(acknowledged);
    }

    List<Throwable> strangeFailures() {
      return List.copyOf(strange);
    }

    Duration slowest() {
      return Duration.ofNanos(slowestNanos.get());
    }

    void await(int acknowledgements) {
      awaitMoreThan(acknowledgements - 1L);
    }

    void awaitMoreThan(long acknowledgements) {
      Awaitility.await()
          .atMost(BACK_WITHIN)
          .pollInterval(Duration.ofMillis(10))
          .until(() -> acknowledged.size() > acknowledgements);
    }

    void awaitFailure() {
      Awaitility.await().atMost(BACK_WITHIN).until(() -> refused.get() > 0);
    }

    /** Returns when every writer has been answered. */
    void end() {
      over.set(true);
      writers.close();
    }

    @Override
    public void close() {
      end();
    }
  }
}
