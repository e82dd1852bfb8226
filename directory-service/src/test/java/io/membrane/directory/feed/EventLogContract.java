package io.membrane.directory.feed;

import static io.membrane.directory.location.Entries.DOMAIN;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.directory.location.Entries;
import io.membrane.fixture.ConfiguredRedis;
import io.membrane.wire.LogEntry;
import io.membrane.wire.LogPosition;
import java.time.Duration;
import java.util.Collections;
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
  void batchesAndSingleEntriesComeBackAsTheyWereAndInOrder() {
    assertThat(log.last()).isNull();
    LogBatch batch = batch("a", 3);
    log.append(batch);
    LogEntry single = Entries.entry("redis", Entries.cleared());
    LogPosition last = StoreEntries.append(redis, List.of(single));

    assertThat(log.last()).isEqualTo(last);
    try (EventLog.Reader reader = log.open()) {
      List<Recorded> page = reader.after(LogPosition.START).entries();
      assertThat(page).hasSize(2);
      assertThat(Changes.of(page.getFirst())).isEqualTo(Changes.of(batch));
      assertThat(page.getLast().entry()).isEqualTo(single);
      assertThat(page.getLast().position()).isEqualTo(last);
      assertThat(page.stream().map(Recorded::position)).isSorted();
    }
  }

  @Test
  void notesComeBackAsTheyWereInEntriesThatAreNotTooLarge() {
    List<Notes.UsedContext> contexts =
        List.of(new Notes.UsedContext(DOMAIN, "s", Entries.chain(1).getFirst()));
    List<Notes.DescribedChunk> chunks =
        Collections.nCopies(
            40,
            new Notes.DescribedChunk(
                DOMAIN, Entries.NAMESPACE, Entries.chain(1).getFirst(), null, new byte[8192]));
    LogPosition last = log.append(new Notes(contexts, chunks));
    assertThat(log.last()).isEqualTo(last);
    try (EventLog.Reader reader = log.open()) {
      List<Recorded> page = reader.after(LogPosition.START).entries();
      assertThat(page).hasSize(3).allMatch(Recorded::hasNotes);
      assertThat(page).allMatch(entry -> entry.value().length < 1 << 20);
      assertThat(page.stream().flatMap(r -> r.notes().contexts().stream())).isEqualTo(contexts);
      List<Notes.DescribedChunk> read =
          page.stream().flatMap(r -> r.notes().chunks().stream()).toList();
      assertThat(read).hasSize(40);
      assertThat(read.getFirst().block()).isEqualTo(Entries.chain(1).getFirst());
      assertThat(read.getFirst().namespace()).isEqualTo(Entries.NAMESPACE);
      assertThat(read.getFirst().embedding()).hasSize(8192);
    }
  }

  @Test
  void aReaderGoesOnInPagesAndWaitsAtTheEnd() {
    LogEntry one = Entries.entry("redis", Entries.cleared());
    LogPosition last = StoreEntries.append(redis, Collections.nCopies(1500, one));
    try (EventLog.Reader reader = log.open()) {
      Page first = reader.after(LogPosition.START);
      assertThat(first.isLast()).isFalse();
      assertThat(first.entries()).hasSizeBetween(1000, 1020);
      Page second = reader.after(first.entries().getLast().position());
      assertThat(second.isLast()).isTrue();
      assertThat(first.entries().size() + second.entries().size()).isEqualTo(1500);
      assertThat(second.life()).isEqualTo(first.life());
      assertThat(second.entries().getLast().position()).isEqualTo(last);

      reader.awaitAfter(last, SHORT);
      assertThat(reader.after(last).entries()).isEmpty();
      reader.awaitAfter(LogPosition.START, Duration.ofDays(1));
    }
  }

  @Test
  void aPageOfLargeEntriesEndsEarly() {
    String large = "x".repeat(1 << 20);
    for (int i = 0; i < 40; i++) {
      redis.opsForStream().add(LogEntry.STREAM, Map.of(LogEntry.FIELD, large));
    }
    try (EventLog.Reader reader = log.open()) {
      Page page = reader.after(LogPosition.START);
      assertThat(page.entries()).hasSize(16);
      assertThat(page.isLast()).isFalse();
    }
  }

  @Test
  void thePartsOfABatchStayTogetherWhoeverElseWrites() throws Exception {
    int parts = BatchCodec.encode(batch("n", 25_000)).size();
    assertThat(parts).isGreaterThan(1);
    try (ExecutorService writers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<LogPosition>> batches =
          IntStream.range(0, 10)
              .<Callable<LogPosition>>mapToObj(i -> () -> log.append(batch("n" + i, 25_000)))
              .toList();
      for (var batch : writers.invokeAll(batches)) {
        assertThat(batch.get()).isNotNull();
      }
    }
    try (EventLog.Reader reader = log.open()) {
      List<Recorded> all = reader.after(LogPosition.START).entries();
      assertThat(all).hasSize(10 * parts);
      for (int batch = 0; batch < 10; batch++) {
        List<Changes> together =
            all.subList(parts * batch, parts * (batch + 1)).stream().map(Changes::of).toList();
        Changes whole = Changes.of(batch(together.getFirst().source().node(), 25_000));
        assertThat(together).allMatch(part -> part.source().equals(whole.source()));
        assertThat(together.stream().flatMap(part -> part.events().stream()))
            .isEqualTo(whole.events());
      }
    }
  }

  @Test
  void aReaderSeesWhichLogItIsAndWhetherItsPlaceIsStillThere() {
    LogPosition last = log.append(batch("a", 3));
    try (EventLog.Reader reader = log.open()) {
      Page page = reader.after(last);
      assertThat(page.before()).isEqualTo(last);
      assertThat(page.redisMs()).isGreaterThanOrEqualTo(last.ms());
      assertThat(reader.after(new LogPosition(last.ms(), last.seq() + 1)).before()).isEqualTo(last);
      assertThat(reader.after(LogPosition.START).before()).isNull();
      redis.delete(LogEntry.STREAM);
      assertThat(reader.after(last).before()).isNull();
      assertThat(reader.after(last).life()).isEqualTo(page.life());
      redis.delete(LogEntry.STREAM + ":life");
      assertThat(reader.after(last).life()).isNotEqualTo(page.life());
    }
  }

  @Test
  void aTrimmedLogKeepsItsNewestEntries() {
    LogEntry one = Entries.entry("redis", Entries.cleared());
    StoreEntries.append(redis, Collections.nCopies(900, one));
    LogPosition first = StoreEntries.append(redis, List.of(one));
    LogPosition last = StoreEntries.append(redis, Collections.nCopies(99, one));
    log.trim(first);
    assertThat(log.last()).isEqualTo(last);
    assertThat(Objects.requireNonNull(redis.opsForStream().size(LogEntry.STREAM)))
        .isBetween(100L, 300L);
    try (EventLog.Reader reader = log.open()) {
      assertThat(reader.after(first).before()).isEqualTo(first);
    }
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
                {"node": "redis", "cluster": "c1", "domain": "public",
                 "event": {"type": "cleared"}, "later": 1}\
                """));
    redis.opsForStream().add(LogEntry.STREAM, Map.of("other", "x"));
    try (EventLog.Reader reader = log.open()) {
      List<Recorded> page = reader.after(LogPosition.START).entries();
      assertThat(page.getFirst().entry())
          .isEqualTo(new LogEntry("redis", "c1", DOMAIN, null, null, Entries.cleared()));
      assertThat(page.getLast().field()).isNull();
    }
  }

  private static LogBatch batch(String node, int events) {
    return new LogBatch(node, "c1", DOMAIN, 1L, 0L, Collections.nCopies(events, Entries.cleared()));
  }
}
