package io.membrane.directory.feed;

import static io.membrane.directory.location.Entries.ATTENTION;
import static io.membrane.directory.location.Entries.DOMAIN;
import static io.membrane.directory.location.Entries.entry;
import static io.membrane.directory.location.Entries.removed;
import static io.membrane.directory.location.Entries.stored;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.block.BlockHash;
import io.membrane.directory.feed.Notes.UsedContext;
import io.membrane.directory.location.Entries;
import io.membrane.fixture.RedisConnections;
import io.membrane.fixture.RedisProcess;
import io.membrane.wire.LogEntry;
import io.membrane.wire.LogPosition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

class SnapshotStartTest {

  private static final List<BlockHash> CHAIN = Entries.chain(40);

  private final RedisProcess redis = RedisProcess.embedded();
  private final LettuceConnectionFactory connections = RedisConnections.to(redis.port());
  private final StringRedisTemplate raw = new StringRedisTemplate(connections);

  @TempDir Path folder;

  @AfterEach
  void stop() {
    connections.destroy();
    redis.close();
  }

  @Test
  void aReplicaStartsFromASnapshotAndReadsOnlyWhatFollows() throws IOException {
    snapshotOf(() -> {
      store(0);
      store(1);
    });
    StoreEntries.append(raw, List.of(entry("a", removed(CHAIN.getFirst(), null, null))));
    store(2);
    try (Replica replica = started();
        Replica fresh = new Replica(redis.port()).ready()) {
      assertThat(replica.tail.count(LogTail.Outcome.APPLIED)).isEqualTo(2);
      assertThat(replica.answers(40)).isEqualTo(fresh.answers(40));
      assertThat(replica.image.copies()).isEqualTo(fresh.image.copies()).isEqualTo(2);
      assertThat(replica.tail.isDoubtful()).isFalse();
      assertThat(replica.snapshots.ageSeconds()).isNotNaN();
    }
  }

  @Test
  void whatCallersSaidBeforeTheSnapshotIsReadAgain() throws IOException {
    UsedContext before = new UsedContext(DOMAIN, "one", CHAIN.get(0));
    UsedContext after = new UsedContext(DOMAIN, "two", CHAIN.get(1));
    snapshotOf(() -> {
      store(0);
      try (Replica replica = new Replica(redis.port()).ready()) {
        replica.log.append(Notes.of(List.of(before)));
      }
      store(1);
    });
    try (Replica replica = new Replica(redis.port()).ready()) {
      replica.log.append(Notes.of(List.of(after)));
    }
    try (Replica replica = started()) {
      assertThat(replica.said.stream().flatMap(notes -> notes.contexts().stream()))
          .containsExactly(before, after);
      assertThat(replica.image.blocks()).isEqualTo(2);
    }
  }

  @Test
  void aSnapshotThatTheLogWasTrimmedPastIsUsedAndDoubted() throws IOException {
    snapshotOf(() -> store(0));
    store(1);
    store(2);
    raw.opsForStream().trim(LogEntry.STREAM, 1);
    try (Replica replica = started()) {
      assertThat(replica.image.places(CHAIN.get(0), DOMAIN)).hasSize(1);
      assertThat(replica.image.places(CHAIN.get(1), DOMAIN)).isEmpty();
      assertThat(replica.image.places(CHAIN.get(2), DOMAIN)).hasSize(1);
      assertThat(replica.tail.isDoubtful()).isTrue();
    }
  }

  @Test
  void aLogThatLostWhatTheSnapshotStandsAtIsGoneOnWithInDoubt() throws IOException {
    store(0);
    LogPosition lost = snapshotOf(() -> store(1));
    raw.opsForStream().delete(LogEntry.STREAM, lost.toString());
    store(2);
    try (Replica replica = started()) {
      assertThat(replica.image.blocks()).isEqualTo(3);
      assertThat(replica.tail.isDoubtful()).isTrue();
    }
  }

  @Test
  void anEarlierSnapshotThatTheLogReachesGoesBeforeALaterOneThatItLost() throws IOException {
    snapshotOf(() -> store(0));
    LogPosition lost = snapshotOf(() -> store(1));
    raw.opsForStream().delete(LogEntry.STREAM, lost.toString());
    store(2);
    try (Replica replica = started()) {
      assertThat(replica.image.places(CHAIN.get(1), DOMAIN)).isEmpty();
      assertThat(replica.image.blocks()).isEqualTo(2);
      assertThat(replica.tail.isDoubtful()).isFalse();
    }
  }

  @Test
  void whatIsKnownOfNumbersAndGapsOutlivesARestart() throws IOException {
    try (Replica replica = new Replica(redis.port(), folder).ready()) {
      replica.accept("whole", 3, 0, stored(CHAIN, 0, ATTENTION, "gpu"));
      replica.log.append(gap("torn"));
      replica.awaitAll();
      assertThat(replica.tail.doubts("c1", "torn", DOMAIN)).isTrue();
    }
    snapshotOf(() -> store(1));
    raw.opsForStream().trim(LogEntry.STREAM, 1);
    try (Replica replica = started()) {
      assertThat(replica.tail.doubts("c1", "torn", DOMAIN)).isTrue();
      assertThat(replica.tail.doubts("c1", "whole", DOMAIN)).isFalse();
      assertThatThrownBy(() -> replica.accept("torn", 1, 6, stored(CHAIN, 2, ATTENTION, "gpu")))
          .hasMessageContaining("events of node torn in epoch 1 were lost");
      assertThatThrownBy(() -> replica.accept("whole", 3, 2, stored(CHAIN, 2, ATTENTION, "gpu")))
          .hasMessageContaining("sequence 1 is wanted next");
      replica.accept("whole", 3, 1, stored(CHAIN, 2, ATTENTION, "gpu"));
    }
  }

  @Test
  void theSnapshotsOfALogAreNotThoseOfTheLogAfterIt() throws IOException {
    snapshotOf(() -> store(0));
    raw.delete(List.of(LogEntry.STREAM, LogEntry.STREAM + ":life"));
    store(1);
    try (Replica replica = started()) {
      assertThat(replica.image.places(CHAIN.get(0), DOMAIN)).isEmpty();
      assertThat(replica.image.blocks()).isEqualTo(1);
    }
  }

  @Test
  void aDamagedSnapshotIsPassedOver() throws IOException {
    snapshotOf(() -> store(0));
    for (Path file : files()) {
      Files.write(file, new byte[100]);
    }
    store(1);
    try (Replica replica = started()) {
      assertThat(replica.image.blocks()).isEqualTo(2);
      assertThat(replica.tail.count(LogTail.Outcome.APPLIED)).isEqualTo(2);
      assertThat(replica.tail.isDoubtful()).isFalse();
    }
  }

  /** Writes a snapshot of the log with what is done; its position. */
  private LogPosition snapshotOf(Runnable doing) throws IOException {
    List<Path> before = files();
    try (Replica replica = new Replica(redis.port(), folder).ready()) {
      doing.run();
      replica.awaitAll();
      LogPosition at = replica.tail.position();
      replica.clock.advance(Replica.SNAPSHOT_EVERY);
      Awaitility.await()
          .atMost(Replica.LIMIT)
          .until(() -> files().stream().anyMatch(file -> !before.contains(file)));
      return at;
    }
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(file -> file.toString().endsWith(".snapshot")).toList();
    }
  }

  private Replica started() {
    Replica replica = new Replica(redis.port(), folder).ready();
    replica.awaitAll();
    return replica;
  }

  private LogPosition store(int block) {
    return StoreEntries.append(raw, List.of(entry("a", stored(CHAIN, block, ATTENTION, "memory"))));
  }

  private static LogBatch gap(String node) {
    return new LogBatch(node, "c1", DOMAIN, 1L, 5L, List.of(stored(CHAIN, 5, ATTENTION, "gpu")));
  }
}
