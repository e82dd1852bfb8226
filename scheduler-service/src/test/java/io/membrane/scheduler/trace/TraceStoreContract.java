package io.membrane.scheduler.trace;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.fixture.ConfiguredRedis;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.scheduler.redis.RedisCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** What the store promises, on whatever Redis there is. */
abstract class TraceStoreContract {

  private final LettuceConnectionFactory connections;
  private final TraceStore store;

  TraceStoreContract(ConfiguredRedis redis) {
    this.connections = redis.connections();
    this.store = new TraceStore(new RedisCalls(connections));
  }

  @BeforeEach
  void empty() {
    inRedis(c -> {
      c.serverCommands().flushAll();
      return 0L;
    });
  }

  @Test
  void aTraceComesBackAsItWasUnderTheDigestOfItsBytes() {
    TraceSummary put = put("acme", 1);

    assertThat(put.traceId()).matches("[0-9a-f]{32}");
    assertThat(store.summary("acme", put.traceId())).contains(put);
    assertThat(store.trace("acme", put.traceId()).orElseThrow().inputTokens(0)).isEqualTo(1);
    assertThat(put("acme", 1).traceId()).isEqualTo(put.traceId());
    assertThat(put("acme", 2).traceId()).isNotEqualTo(put.traceId());
  }

  @Test
  void aTraceGoesAfterADay() {
    String key = "membrane:scheduler:trace:acme:" + put("acme", 1).traceId();

    assertThat(inRedis(c -> c.keyCommands().ttl(key.getBytes(UTF_8)))).isBetween(86_000L, 86_400L);
  }

  @Test
  void anotherTenantsTraceIsNotThere() {
    String id = put("acme", 1).traceId();

    store.remove("other", id);

    assertThat(store.summary("other", id)).isEmpty();
    assertThat(store.trace("other", id)).isEmpty();
    assertThat(store.summary("acme", id)).isPresent();
  }

  @Test
  void aFleetKeepsSixteenAndMoreHaveNoRoomUntilOneIsRemovedOrEvicted() {
    List<String> ids = new ArrayList<>();
    for (int i = 1; i <= TraceStore.MOST_TRACES; i++) {
      ids.add(put("tenant-" + i % 2, i).traceId());
    }
    assertThat(put("tenant-1", 1).traceId()).as("one that is there").isEqualTo(ids.getFirst());
    assertThatThrownBy(() -> put("tenant-0", 100))
        .isInstanceOfSatisfying(
            MembraneException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.STORAGE_FULL);
              assertThat(e.detail()).contains("16").contains("DELETE");
            });

    store.remove("tenant-1", ids.getFirst());
    put("tenant-0", 100);

    String evicted = "membrane:scheduler:trace:tenant-0:" + ids.get(1);
    assertThat(inRedis(c -> c.keyCommands().del(evicted.getBytes(UTF_8)))).isEqualTo(1);
    put("tenant-0", 101);
    assertThatThrownBy(() -> put("tenant-0", 102)).isInstanceOf(MembraneException.class);
  }

  @Test
  void aBadOrBrokenUploadLeavesNothing() {
    InputStream broken =
        new SequenceInputStream(
            new ByteArrayInputStream(line(1).getBytes(UTF_8)),
            new InputStream() {
              @Override
              public int read() throws IOException {
                throw new IOException("reset");
              }

              @Override
              public int read(byte[] buffer, int offset, int length) throws IOException {
                throw new IOException("reset");
              }
            });
    assertThatThrownBy(() -> store.put("acme", broken))
        .isInstanceOfSatisfying(
            MembraneException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.MALFORMED_REQUEST));
    assertThatThrownBy(
            () -> store.put("acme", new ByteArrayInputStream((line(1) + "oops").getBytes(UTF_8))))
        .isInstanceOf(MembraneException.class);

    assertThat(inRedis(c -> c.serverCommands().dbSize())).isZero();
  }

  @Test
  void idsOfAnotherFormAreNotThere() {
    for (String id : List.of("", "x", "*", "0".repeat(32), "a".repeat(10_000))) {
      assertThat(store.summary("acme", id)).isEmpty();
      assertThat(store.trace("acme", id)).isEmpty();
      store.remove("acme", id);
    }
  }

  private TraceSummary put(String tenant, int inputTokens) {
    return store.put(tenant, new ByteArrayInputStream(line(inputTokens).getBytes(UTF_8)));
  }

  private static String line(int inputTokens) {
    return "{\"timestamp\":0,\"input_length\":%d,\"output_length\":1,\"hash_ids\":[1]}\n"
        .formatted(inputTokens);
  }

  private long inRedis(Function<RedisConnection, @Nullable Long> command) {
    try (RedisConnection connection = connections.getConnection()) {
      return Objects.requireNonNull(command.apply(connection));
    }
  }
}
