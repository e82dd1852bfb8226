package io.membrane.directory.feed;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.directory.location.Entries;
import io.membrane.fixture.ConfiguredRedis;
import io.membrane.wire.LogEntry;
import io.membrane.wire.LogPosition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

/** What the log promises, on whatever Redis there is. */
abstract class EventLogContract {

  private static final Duration SHORT = Duration.ofMillis(50);

  private @Nullable ConfiguredRedis configured;
  private EventLog log = new EventLog(new LettuceConnectionFactory());
  private StringRedisTemplate redis = new StringRedisTemplate();

  /** What names a running Redis; aborts the test where there is none. */
  abstract String[] properties();

  @BeforeEach
  void connect() {
    configured = new ConfiguredRedis(properties());
    log = new EventLog(configured.connections());
    redis = new StringRedisTemplate(configured.connections());
    redis.delete(LogEntry.STREAM);
  }

  @AfterEach
  void disconnect() {
    if (configured != null) {
      configured.close();
    }
  }

  @Test
  void entriesComeBackAsTheyWereAndInOrder() {
    assertThat(log.last()).isNull();
    List<LogEntry> first = entries("a", 3);
    List<LogEntry> second = entries("b", 2);
    log.append(first);
    LogPosition last = log.append(second);

    assertThat(log.last()).isEqualTo(last);
    try (EventLog.Reader reader = log.open()) {
      List<Recorded> page = reader.after(LogPosition.START, 10, SHORT);
      List<LogEntry> all = new ArrayList<>(first);
      all.addAll(second);
      assertThat(page.stream().map(Recorded::entry)).isEqualTo(all);
      assertThat(page.getLast().position()).isEqualTo(last);
      assertThat(page.stream().map(Recorded::position)).isSorted();
    }
  }

  @Test
  void aReaderGoesOnInPagesAndWaitsAtTheEnd() {
    log.append(entries("a", 5));
    try (EventLog.Reader reader = log.open()) {
      List<Recorded> page = reader.after(LogPosition.START, 3, SHORT);
      assertThat(page).hasSize(3);
      page = reader.after(page.getLast().position(), 3, SHORT);
      assertThat(page).hasSize(2);
      assertThat(reader.after(page.getLast().position(), 3, SHORT)).isEmpty();
    }
  }

  @Test
  void batchesOfTwoWritersDoNotMix() throws Exception {
    try (ExecutorService writers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<LogPosition>> batches =
          IntStream.range(0, 20)
              .<Callable<LogPosition>>mapToObj(i -> () -> log.append(entries("n" + i, 50)))
              .toList();
      for (var batch : writers.invokeAll(batches)) {
        assertThat(batch.get()).isNotNull();
      }
    }
    try (EventLog.Reader reader = log.open()) {
      List<String> nodes =
          reader.after(LogPosition.START, 1000, SHORT).stream().map(r -> r.entry().node()).toList();
      assertThat(nodes).hasSize(1000);
      for (int batch = 0; batch < 20; batch++) {
        assertThat(nodes.subList(50 * batch, 50 * batch + 50)).containsOnly(nodes.get(50 * batch));
      }
    }
  }

  @Test
  void aReaderSeesWhetherItsPlaceInTheLogIsStillThere() {
    LogPosition last = log.append(entries("a", 3));
    try (EventLog.Reader reader = log.open()) {
      assertThat(reader.holds(last)).isTrue();
      assertThat(reader.holds(new LogPosition(last.ms(), last.seq() + 1))).isFalse();
      redis.delete(LogEntry.STREAM);
      assertThat(reader.holds(last)).isFalse();
    }
  }

  @Test
  void aTrimmedLogKeepsItsNewestEntries() {
    LogPosition last = log.append(entries("a", 1000));
    log.trim(100);
    assertThat(log.last()).isEqualTo(last);
    assertThat(Objects.requireNonNull(redis.opsForStream().size(LogEntry.STREAM)))
        .isBetween(100L, 300L);
  }

  @Test
  void anEntryWrittenByAnotherServiceIsReadAndAStrangeOneIsHandedOnAsItIs() {
    redis
        .opsForStream()
        .add(
            LogEntry.STREAM,
            Map.of(
                LogEntry.FIELD,
                """
                {"node": "redis", "cluster": "c1", "event": {"type": "cleared"}, "later": 1}\
                """));
    redis.opsForStream().add(LogEntry.STREAM, Map.of("other", "x"));
    try (EventLog.Reader reader = log.open()) {
      List<Recorded> page = reader.after(LogPosition.START, 10, SHORT);
      assertThat(page.getFirst().entry())
          .isEqualTo(new LogEntry("redis", "c1", null, null, Entries.cleared()));
      assertThat(page.getLast().json()).isNull();
    }
  }

  private static List<LogEntry> entries(String node, int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> Entries.entry(node, 1, i, Entries.cleared()))
        .toList();
  }
}
