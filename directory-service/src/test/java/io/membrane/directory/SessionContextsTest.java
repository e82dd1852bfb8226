package io.membrane.directory;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.directory.feed.EventLog;
import io.membrane.directory.location.Entries;
import io.membrane.directory.location.Image;
import io.membrane.fixture.RedisConnections;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.TestClock;
import io.membrane.rpc.WireJson;
import io.membrane.wire.LogEntry;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.data.domain.Range;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;
import tools.jackson.databind.JsonNode;

class SessionContextsTest {

  private static final List<BlockHash> CHAIN = Entries.chain(100);
  private static final String DOMAIN = Entries.DOMAIN;

  private final RedisProcess redis = RedisProcess.embedded();
  private final LettuceConnectionFactory connections = RedisConnections.to(redis.port());
  private final StringRedisTemplate raw = new StringRedisTemplate(connections);
  private final Image image = new Image(1000, new TestClock());
  private final SessionContexts contexts = new SessionContexts(image, new EventLog(connections));

  @BeforeEach
  void blocksAreThere() {
    for (int i = 0; i < CHAIN.size() - 1; i++) {
      image.apply(Entries.entry("n", Entries.stored(CHAIN, i, Entries.ATTENTION, "memory")));
    }
  }

  @AfterEach
  void stop() {
    contexts.stop();
    connections.destroy();
    redis.close();
  }

  @Test
  void theLeadingBlocksThatTheDomainHasAreTheContext() {
    assertThat(contexts.note(DOMAIN, "s", CHAIN)).isTrue();
    assertThat(contexts.note("tenant:b", "s", CHAIN)).isFalse();
    assertThat(contexts.note(DOMAIN, "t", CHAIN.reversed())).isFalse();
    assertThat(contexts.note(DOMAIN, "t", List.of())).isFalse();
    contexts.start();
    await(() -> contexts.noted() == 1);
    JsonNode context = logged().getFirst().get("contexts").get(0);
    assertThat(context.get("domain").asString()).isEqualTo(DOMAIN);
    assertThat(context.get("session").asString()).isEqualTo("s");
    assertThat(context.get("last").asString()).isEqualTo(CHAIN.get(98).hex());
    assertThat(contexts.isRunning()).isTrue();
  }

  @Test
  void ofASessionThatWaitsTheLatestContextCounts() {
    contexts.note(DOMAIN, "s", CHAIN.subList(0, 1));
    contexts.note(DOMAIN, "s", CHAIN.subList(0, 2));
    contexts.start();
    await(() -> contexts.noted() == 1);
    assertThat(logged().getFirst().get("contexts").get(0).get("last").asString())
        .isEqualTo(CHAIN.get(1).hex());
  }

  @Test
  void anEntryHasABoundedNumberOfContextsAndBlocksAndWhatIsTooMuchIsDropped() {
    for (int i = 0; i < 300; i++) {
      assertThat(contexts.note(DOMAIN, "short" + i, CHAIN.subList(0, 1))).isTrue();
    }
    for (int i = 0; i < 300; i++) {
      assertThat(contexts.note(DOMAIN, "long" + i, CHAIN)).isTrue();
    }
    for (int i = 600; i < SessionContexts.MAX_WAITING; i++) {
      contexts.note(DOMAIN, "more" + i, CHAIN.subList(0, 1));
    }
    assertThat(contexts.note(DOMAIN, "one too many", CHAIN)).isFalse();
    assertThat(contexts.note(DOMAIN, "long0", CHAIN)).isTrue();
    assertThat(contexts.dropped()).isEqualTo(1);
    contexts.start();
    await(() -> contexts.noted() == SessionContexts.MAX_WAITING);
    for (JsonNode entry : logged()) {
      long blocks =
          entry
              .get("contexts")
              .valueStream()
              .mapToLong(c -> c.get("session").asString().startsWith("long") ? 99 : 1)
              .sum();
      assertThat(entry.get("contexts").size()).isBetween(1, SessionContexts.MAX_CONTEXTS);
      assertThat(blocks).isLessThanOrEqualTo(SessionContexts.MAX_BLOCKS);
    }
  }

  @Test
  void whatRedisDoesNotTakeIsCountedAndTheNextOnesAreNoted() {
    raw.opsForValue().set(LogEntry.STREAM, "no stream");
    contexts.start();
    contexts.note(DOMAIN, "s", CHAIN);
    await(() -> contexts.dropped() == 1);
    raw.delete(LogEntry.STREAM);
    contexts.note(DOMAIN, "s", CHAIN);
    await(() -> contexts.noted() == 1);
  }

  private List<JsonNode> logged() {
    return Objects.requireNonNull(raw.opsForStream().range(LogEntry.STREAM, Range.unbounded()))
        .stream()
        .map(entry -> Objects.requireNonNull(entry.getValue().get(LogEntry.NOTES_FIELD)))
        .map(notes -> WireJson.mapper().readTree(notes.toString()))
        .toList();
  }

  private static void await(Callable<Boolean> condition) {
    Awaitility.await().atMost(Duration.ofSeconds(30)).until(condition);
  }
}
