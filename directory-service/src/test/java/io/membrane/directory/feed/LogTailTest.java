package io.membrane.directory.feed;

import static io.membrane.directory.location.Entries.ATTENTION;
import static io.membrane.directory.location.Entries.DOMAIN;
import static io.membrane.directory.location.Entries.cleared;
import static io.membrane.directory.location.Entries.entry;
import static io.membrane.directory.location.Entries.removed;
import static io.membrane.directory.location.Entries.stored;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.block.BlockHash;
import io.membrane.directory.location.Entries;
import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fixture.RedisConnections;
import io.membrane.fixture.RedisProcess;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.LogEntry;
import io.membrane.wire.LogPosition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

class LogTailTest {

  private static final List<BlockHash> CHAIN = Entries.chain(40);

  private final RedisProcess redis = RedisProcess.embedded();
  private final LettuceConnectionFactory connections = RedisConnections.to(redis.port());
  private final StringRedisTemplate raw = new StringRedisTemplate(connections);

  @AfterEach
  void stop() {
    connections.destroy();
    redis.close();
  }

  @Test
  void aReplicaStartedLaterGivesTheSameAnswers() {
    Random random = new Random(11);
    try (Replica first = new Replica(redis.port()).ready()) {
      for (int batch = 0; batch < 30; batch++) {
        List<LogEntry> entries = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
          int block = random.nextInt(CHAIN.size());
          entries.add(
              entry(
                  "n" + random.nextInt(4),
                  random.nextInt(3) > 0
                      ? stored(CHAIN, block, ATTENTION, random.nextBoolean() ? "gpu" : "memory")
                      : removed(CHAIN.get(block), null, null)));
        }
        StoreEntries.append(raw, entries);
      }
      first.awaitAll();
      try (Replica second = new Replica(redis.port()).ready()) {
        assertThat(second.tail.position()).isEqualTo(first.tail.position());
        assertThat(second.answers(40)).isEqualTo(first.answers(40));
        assertThat(second.image.copies()).isEqualTo(first.image.copies()).isPositive();
        assertThat(second.tail.count(LogTail.Outcome.APPLIED)).isEqualTo(3000);
      }
    }
  }

  @Test
  void anEntryThatCannotBeUnderstoodIsCountedAndSkipped() {
    store(0);
    raw.opsForStream().add(LogEntry.STREAM, Map.of("other", "field"));
    for (String strange :
        List.of(
            "",
            "{",
            "null",
            "[1]",
            "{}",
            "{\"node\": \"a\", \"cluster\": \"c1\", \"domain\": \"public\", \"event\": {\"type\": \"moved\"}}",
            "{\"node\": \"a\", \"cluster\": \"c1\", \"domain\": \"public\", \"event\": {\"type\": \"stored\"}}",
            "{\"node\": \" \", \"cluster\": \"c1\", \"domain\": \"public\", \"event\": {\"type\": \"cleared\"}}",
            "{\"node\": \"a\", \"cluster\": \"c1\", \"domain\": \"public\", \"epoch\": 1, \"event\": {\"type\":"
                + " \"cleared\"}}")) {
      raw.opsForStream().add(LogEntry.STREAM, Map.of(LogEntry.FIELD, strange));
    }
    store(1);
    try (Replica replica = new Replica(redis.port()).ready()) {
      replica.awaitAll();
      assertThat(replica.image.blocks()).isEqualTo(2);
      assertThat(replica.tail.count(LogTail.Outcome.SKIPPED)).isEqualTo(10);
      assertThat(replica.tail.count(LogTail.Outcome.APPLIED)).isEqualTo(2);
    }
  }

  @Test
  void aReaderCanWaitForAPositionAndGivesUpInTime() {
    try (Replica replica = new Replica(redis.port()).ready()) {
      LogPosition last = store(0);
      assertThat(replica.tail.await(last, Replica.LIMIT)).isTrue();
      assertThat(replica.image.blocks()).isEqualTo(1);
      assertThat(replica.tail.await(new LogPosition(last.ms() + 1, 0), Duration.ofMillis(50)))
          .isFalse();
    }
  }

  @Test
  void aRedisThatComesBackEmptyLeavesAnEmptyImage() {
    try (Replica replica = new Replica(redis.port()).ready()) {
      store(0);
      replica.awaitAll();
      redis.kill();
      Awaitility.await().atMost(Replica.LIMIT).until(() -> !replica.tail.isCaughtUp());
      assertThat(replica.image.blocks()).isEqualTo(1);

      redis.restart();
      replica.awaitAll();
      assertThat(replica.image.blocks()).isZero();
      storeWhenBack(1);
      replica.awaitAll();
      assertThat(replica.image.places(CHAIN.get(1), DOMAIN)).hasSize(1);
    }
  }

  @Test
  void anotherLogUnderTheSameKeyIsNoticedAlthoughItIsAheadAndNoConnectionBroke() {
    try (Replica replica = new Replica(redis.port()).ready()) {
      store(0);
      replica.awaitAll();
      raw.delete(List.of(LogEntry.STREAM, LogEntry.STREAM + ":life"));
      store(1);
      Awaitility.await()
          .atMost(Replica.LIMIT)
          .until(() -> !replica.image.places(CHAIN.get(1), DOMAIN).isEmpty());
      assertThat(replica.image.places(CHAIN.get(0), DOMAIN)).isEmpty();
      assertThat(replica.tail.isDoubtful()).isFalse();
    }
  }

  @Test
  void aLogTrimmedPastAReplicaLeavesItDoubtfulWithWhatItKnew() {
    try (FaultProxy proxy = new FaultProxy(redis.port());
        Replica replica = new Replica(proxy.port()).ready()) {
      LogPosition first = store(0);
      replica.awaitAll();
      assertThat(replica.tail.isDoubtful()).isFalse();
      proxy.inject(new Fault.Refuse());
      Awaitility.await().atMost(Replica.LIMIT).until(() -> !replica.tail.isCaughtUp());
      LogPosition second = store(1);
      store(2);
      raw.opsForStream().delete(LogEntry.STREAM, first.toString(), second.toString());
      proxy.heal();
      replica.awaitAll();
      assertThat(replica.tail.isDoubtful()).isTrue();
      assertThat(replica.image.places(CHAIN.get(0), DOMAIN)).hasSize(1);
      assertThat(replica.image.places(CHAIN.get(1), DOMAIN)).isEmpty();
      assertThat(replica.image.places(CHAIN.get(2), DOMAIN)).hasSize(1);
    }
  }

  @Test
  void aLogThatLostItsEndLeavesAReplicaDoubtfulAndInStepWithIt() {
    try (Replica replica = new Replica(redis.port()).ready()) {
      store(0);
      replica.log.append(numbered("kept", 0));
      LogPosition lost = replica.log.append(numbered("lost", 0));
      LogPosition lostToo = store(1);
      replica.awaitAll();
      raw.opsForStream().delete(LogEntry.STREAM, lost.toString(), lostToo.toString());
      Awaitility.await().atMost(Replica.LIMIT).until(replica.tail::isDoubtful);

      store(2);
      replica.awaitAll();
      assertThat(replica.image.places(CHAIN.get(1), DOMAIN)).hasSize(1);
      assertThat(replica.image.places(CHAIN.get(2), DOMAIN)).hasSize(1);
      assertThat(replica.tail.doubts("c1", "lost", DOMAIN)).isTrue();
      assertThat(replica.tail.doubts("c1", "kept", DOMAIN)).isFalse();
    }
  }

  @Test
  void aReplicaThatStartsOnALogWithoutItsBeginningKnowsSo() {
    LogPosition first = store(0);
    try (Replica replica = new Replica(redis.port()).ready()) {
      assertThat(replica.tail.isDoubtful()).isFalse();
    }
    store(1);
    raw.opsForStream().delete(LogEntry.STREAM, first.toString());
    try (Replica replica = new Replica(redis.port()).ready()) {
      assertThat(replica.image.places(CHAIN.get(1), DOMAIN)).hasSize(1);
      assertThat(replica.tail.isDoubtful()).isTrue();
    }
  }

  @Test
  void aGapIsCountedAndItsNodeDoubtedUntilItBeginsAnew() {
    try (Replica replica = new Replica(redis.port()).ready()) {
      replica.log.append(numbered("a", 0));
      replica.log.append(numbered("a", 2));
      replica.log.append(numbered("b", 0));
      replica.awaitAll();
      assertThat(replica.image.gaps()).isEqualTo(1);
      assertThat(replica.tail.doubts("c1", "a", DOMAIN)).isTrue();
      assertThat(replica.tail.doubts("c1", "b", DOMAIN)).isFalse();
      assertThatThrownBy(() -> replica.accept("a", 1, 3, cleared()))
          .hasMessageContaining("events of node a in epoch 1 were lost; begin a later epoch");
      replica.accept("b", 1, 1, cleared());

      replica.accept("a", 2, 0, cleared());
      replica.awaitAll();
      assertThat(replica.tail.isDoubtful()).isFalse();
      replica.accept("a", 2, 1, cleared());
      assertThat(replica.image.gaps()).isEqualTo(1);
    }
  }

  @Test
  void theLogIsCutToItsBytesAndWhoHasReadItMissesNothing() {
    List<BlockHash> chain = Entries.chain(5000);
    List<Event> events =
        IntStream.range(0, 5000).mapToObj(i -> stored(chain, i, ATTENTION, "gpu")).toList();
    try (Replica replica = new Replica(redis.port()).ready()) {
      long size = 0;
      for (int batch = 0; batch < 50; batch++) {
        LogBatch next = new LogBatch("a", "c1", DOMAIN, 1L, batch * 5000L, events);
        size += BatchCodec.encode(next).stream().mapToLong(part -> part.length).sum();
        replica.log.append(next);
        replica.awaitAll();
      }
      assertThat(size).isGreaterThan(2 * Replica.MAX_LOG_BYTES);
      long kept = Objects.requireNonNull(raw.opsForStream().size(LogEntry.STREAM)) * size / 50;
      assertThat(kept).isLessThan(Replica.MAX_LOG_BYTES + size / 50);
      assertThat(replica.tail.count(LogTail.Outcome.APPLIED)).isEqualTo(250_000);
      assertThat(replica.tail.isDoubtful()).isFalse();
    }
  }

  @Test
  void theLagIsByRedisClockWhateverTheServiceThinksOfTheTime() {
    try (Replica replica = new Replica(redis.port()).ready()) {
      replica.clock.advance(Duration.ofDays(400));
      store(0);
      replica.awaitAll();
      assertThat(replica.tail.lagMs()).isBetween(0L, Replica.LIMIT.toMillis());
    }
  }

  @Test
  void aPausedRedisIsNoticedAndThenCaughtUpWith() {
    try (Replica replica = new Replica(redis.port()).ready()) {
      store(0);
      replica.awaitAll();
      redis.pause();
      Awaitility.await().atMost(Replica.LIMIT).until(() -> !replica.tail.isCaughtUp());
      assertThat(replica.image.blocks()).isEqualTo(1);
      redis.resume();
      storeWhenBack(1);
      replica.awaitAll();
      assertThat(replica.image.blocks()).isEqualTo(2);
    }
  }

  @Test
  void aCutConnectionIsMadeAgainAndNothingIsMissed() {
    try (FaultProxy proxy = new FaultProxy(redis.port());
        Replica replica = new Replica(proxy.port()).ready()) {
      store(0);
      replica.awaitAll();
      proxy.inject(new Fault.Refuse());
      Awaitility.await().atMost(Replica.LIMIT).until(() -> !replica.tail.isCaughtUp());
      store(1);
      proxy.heal();
      replica.awaitAll();
      assertThat(replica.image.blocks()).isEqualTo(2);
      assertThat(replica.tail.count(LogTail.Outcome.APPLIED)).isEqualTo(2);

      proxy.inject(new Fault.CutAfter(300));
      for (int block = 2; block < 20; block++) {
        store(block);
      }
      proxy.heal();
      replica.awaitAll();
      assertThat(replica.image.blocks()).isEqualTo(20);
      assertThat(replica.tail.count(LogTail.Outcome.APPLIED)).isEqualTo(20);
    }
  }

  @Test
  void expiredCopiesGoWithinAMinuteSoManyAtATimeAsTimeHasPassed() {
    try (Replica replica = new Replica(redis.port()).ready()) {
      long soon = replica.clock.millis() + 1000;
      StoreEntries.append(
          raw,
          IntStream.range(0, 40)
              .mapToObj(i -> entry("a", stored(CHAIN, i, ATTENTION, "gpu", soon)))
              .toList());
      replica.awaitAll();
      replica.clock.advance(Duration.ofSeconds(30));
      Awaitility.await().atMost(Replica.LIMIT).until(() -> replica.image.blocks() == 20);
      replica.clock.advance(Duration.ofSeconds(30));
      Awaitility.await().atMost(Replica.LIMIT).until(() -> replica.image.blocks() == 0);
    }
  }

  private LogPosition store(int block) {
    return StoreEntries.append(raw, List.of(entry("a", stored(CHAIN, block, ATTENTION, "memory"))));
  }

  private static LogBatch numbered(String node, long sequence) {
    return new LogBatch(
        node, "c1", DOMAIN, 1L, sequence, List.of(stored(CHAIN, 5, ATTENTION, "g")));
  }

  private void storeWhenBack(int block) {
    Awaitility.await().atMost(Replica.LIMIT).ignoreExceptions().until(() -> store(block) != null);
  }
}
