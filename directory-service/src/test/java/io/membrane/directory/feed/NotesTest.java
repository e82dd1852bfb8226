package io.membrane.directory.feed;

import static io.membrane.directory.location.Entries.ATTENTION;
import static io.membrane.directory.location.Entries.DOMAIN;
import static io.membrane.directory.location.Entries.entry;
import static io.membrane.directory.location.Entries.stored;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.directory.feed.Notes.UsedContext;
import io.membrane.directory.location.Entries;
import io.membrane.fixture.RedisConnections;
import io.membrane.fixture.RedisProcess;
import io.membrane.wire.LogEntry;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

class NotesTest {

  private static final List<BlockHash> CHAIN = Entries.chain(2);

  @Test
  void everyReplicaReadsTheSameNotesInTheirOrderAmongTheEvents() {
    try (RedisProcess redis = RedisProcess.embedded();
        Replica one = new Replica(redis.port()).ready();
        Replica other = new Replica(redis.port()).ready()) {
      for (int i = 0; i < 3; i++) {
        one.accept("n", 1, i, stored(CHAIN, 0, ATTENTION, "memory"));
        one.log.append(used("session" + i));
      }
      try (Replica late = new Replica(redis.port()).ready()) {
        for (Replica replica : List.of(one, other, late)) {
          replica.awaitAll();
          assertThat(replica.said)
              .containsExactly(used("session0"), used("session1"), used("session2"));
          assertThat(replica.tail.count(LogTail.Outcome.APPLIED)).isEqualTo(3);
        }
      }
    }
  }

  @Test
  void notesThatCannotBeReadAreSkippedAndWhatTheySayBesideIsPassedOver() {
    try (RedisProcess redis = RedisProcess.embedded();
        Replica replica = new Replica(redis.port()).ready()) {
      LettuceConnectionFactory connections = RedisConnections.to(redis.port());
      StringRedisTemplate raw = new StringRedisTemplate(connections);
      for (String bad :
          List.of(
              "",
              "{",
              "null",
              "[]",
              "{\"contexts\": [null]}",
              "{\"contexts\": [{\"domain\": \"public\", \"session\": \"s\"}]}",
              "{\"chunks\": [{\"domain\": \"public\", \"block\": \"ab\"}]}")) {
        raw.opsForStream().add(LogEntry.STREAM, Map.of(LogEntry.NOTES_FIELD, bad));
      }
      raw.opsForStream()
          .add(
              LogEntry.STREAM,
              Map.of(
                  LogEntry.NOTES_FIELD,
                  """
                  {"contexts": [{"domain": "public", "session": "s", "last": "%s", "mood": 1}],
                   "x": []}\
                  """
                      .formatted(CHAIN.getLast().hex())));
      StoreEntries.append(raw, List.of(entry("a", stored(CHAIN, 0, ATTENTION, "memory"))));
      replica.awaitAll();
      assertThat(replica.tail.count(LogTail.Outcome.SKIPPED)).isEqualTo(7);
      assertThat(replica.tail.count(LogTail.Outcome.APPLIED)).isEqualTo(1);
      assertThat(replica.said).containsExactly(used("s"));
      connections.destroy();
    }
  }

  private static Notes used(String session) {
    return Notes.of(List.of(new UsedContext(DOMAIN, session, CHAIN.getLast())));
  }
}
