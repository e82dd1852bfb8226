package io.membrane.directory.feed;

import static io.membrane.directory.location.Entries.ATTENTION;
import static io.membrane.directory.location.Entries.entry;
import static io.membrane.directory.location.Entries.removed;
import static io.membrane.directory.location.Entries.stored;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.directory.location.Entries;
import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fixture.RedisConnections;
import io.membrane.fixture.RedisProcess;
import io.membrane.wire.LogEntry;
import io.membrane.wire.LogPosition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

class LogTailTest {

  private static final List<BlockHash> CHAIN = Entries.chain(40);

  private final RedisProcess redis = RedisProcess.embedded();
  private final LettuceConnectionFactory connections = RedisConnections.to(redis.port());
  private final EventLog log = new EventLog(connections);
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
        log.append(entries);
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
            "{\"node\": \"a\", \"cluster\": \"c1\", \"event\": {\"type\": \"moved\"}}",
            "{\"node\": \"a\", \"cluster\": \"c1\", \"event\": {\"type\": \"stored\"}}",
            "{\"node\": \" \", \"cluster\": \"c1\", \"event\": {\"type\": \"cleared\"}}",
            "{\"node\": \"a\", \"cluster\": \"c1\", \"epoch\": 1, \"event\": {\"type\":"
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
      assertThat(replica.image.places(CHAIN.get(1))).hasSize(1);
    }
  }

  @Test
  void anotherLogUnderTheSameKeyIsNoticedAlthoughItIsAheadAndNoConnectionBroke() {
    try (Replica replica = new Replica(redis.port()).ready()) {
      store(0);
      replica.awaitAll();
      raw.delete(LogEntry.STREAM);
      store(1);
      Awaitility.await()
          .atMost(Replica.LIMIT)
          .until(() -> !replica.image.places(CHAIN.get(1)).isEmpty());
      assertThat(replica.image.places(CHAIN.get(0))).isEmpty();
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
  void expiredCopiesGoAndTheLogIsCutOnceAMinute() {
    try (Replica replica = new Replica(redis.port()).ready()) {
      long soon = replica.clock.millis() + 1000;
      log.append(List.of(entry("a", stored(CHAIN, 0, ATTENTION, "gpu", soon))));
      replica.awaitAll();
      replica.clock.advance(Duration.ofMinutes(2));
      Awaitility.await().atMost(Replica.LIMIT).until(() -> replica.image.blocks() == 0);
    }
  }

  private LogPosition store(int block) {
    return log.append(List.of(entry("a", stored(CHAIN, block, ATTENTION, "memory"))));
  }

  private void storeWhenBack(int block) {
    Awaitility.await().atMost(Replica.LIMIT).ignoreExceptions().until(() -> store(block) != null);
  }
}
