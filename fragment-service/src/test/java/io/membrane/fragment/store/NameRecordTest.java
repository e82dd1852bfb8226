package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.fixture.RedisAudit;
import io.membrane.fixture.RedisConnections;
import io.membrane.fixture.RedisProcess;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** What an operator sees of a name who looks into Redis. */
class NameRecordTest extends StoreOnRedis {

  /** 2286-11-20, the last millisecond of 13 digits. */
  private static final long LAST_END = 9_999_999_999_999L;

  private final RedisProcess process = RedisProcess.embedded();
  private final LettuceConnectionFactory own = RedisConnections.to(process.port());

  @Override
  String[] properties() {
    return process.properties();
  }

  @AfterAll
  void stop() {
    own.destroy();
    process.close();
  }

  @Test
  void aRecordIsTextOfTheLayoutThatIsDrawn() {
    FragmentKey key = key();
    String position = Objects.requireNonNull(put(key, bytes("the bytes")).logPosition());

    String record = record(key);

    assertThat(record.substring(0, 13))
        .isEqualTo(Long.toString(Objects.requireNonNull(description(key).expiresAtMs())));
    assertThat(record.substring(14, 17)).isEqualTo("001");
    assertThat(record.substring(18, 82)).isEqualTo(digest("the bytes").hex());
    Map<String, String> fields = RedisAudit.nameFields(record);
    assertThat(fields)
        .containsEntry("position", position)
        .containsEntry("announced", "1")
        .containsEntry("bytes", "9")
        .containsEntry("owner", TENANT)
        .containsEntry("with", "");
    assertThat(RedisAudit.nameRecord(fields)).isEqualTo(record);
  }

  @Test
  void usesAreCountedInTheirPlaceUpTo255() {
    FragmentKey key = key();
    put(key, bytes("the bytes"));
    String before = record(key);
    for (int uses : new int[] {1, 252, 9}) {
      catalog().touch(Map.of(name(key), uses));
    }
    assertThat(record(key)).isEqualTo(before.substring(0, 14) + "255" + before.substring(17));
  }

  @Test
  void aServiceThatRunsTellsOfEveryNameThatWasReadAndOfFewAtATime() {
    List<FragmentKey> keys = Stream.generate(this::key).limit(150).toList();
    keys.forEach(key -> put(key, bytes("of " + key)));
    long before = callsTo("touch", "ok");
    store.start();
    try {
      keys.forEach(this::read);
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(
              () -> assertThat(keys).allSatisfy(key -> assertThat(uses(key)).isEqualTo("002")));
    } finally {
      store.stop();
    }
    assertThat(callsTo("touch", "ok") - before).isGreaterThanOrEqualTo(5);
  }

  private String uses(FragmentKey key) {
    return record(key).substring(14, 17);
  }

  @Test
  void aLongerLifeMovesTheEndAndThePositionAndNothingElse() {
    FragmentKey key = key();
    put(key, bytes("the bytes"), 1_000L, false);
    Map<String, String> before = RedisAudit.nameFields(record(key));

    String position =
        Objects.requireNonNull(put(key, bytes("the bytes"), 9_000L, false).logPosition());

    Map<String, String> after = RedisAudit.nameFields(record(key));
    assertThat(after.put("expires", Objects.requireNonNull(before.get("expires"))))
        .isGreaterThan(before.get("expires"));
    assertThat(after.put("position", Objects.requireNonNull(before.get("position"))))
        .isEqualTo(position)
        .isNotEqualTo(before.get("position"));
    assertThat(after).isEqualTo(before);
  }

  @Test
  void aLifeOfMillenniaEndsWithTheDigits() {
    FragmentKey key = key();
    put(key, bytes("the bytes"), Long.MAX_VALUE / 1000, false);
    assertThat(record(key)).startsWith(LAST_END + " ");
    assertThat(description(key).expiresAtMs()).isEqualTo(LAST_END);
    assertThat(read(key)).isEqualTo(bytes("the bytes"));
  }

  @Test
  void aNameWhoseRecordIsNoneIsAMissAndCanBePutAgain() {
    for (String other : new String[] {"", "x", "9999999999999 001 ", "\n\n\n"}) {
      FragmentKey key = key();
      put(key, bytes("the bytes"));
      redis.set(RedisKeys.name(name(key)), bytes(other));
      assertThat(read(key)).as(other).isNull();
      put(key, bytes("the bytes"));
      assertThat(body(key)).isEqualTo(bytes("the bytes"));
    }
  }

  @Test
  void aContentWhoseRecordIsNoneIsAMissAndCanBePutAgain() {
    for (String other : new String[] {"", "x", "-1 x y z", "1 2 3 4 5"}) {
      FragmentKey key = key();
      put(key, bytes("the bytes"));
      redis.set(RedisKeys.content(digest("the bytes")), bytes(other));
      assertThat(read(key)).as(other).isNull();
      put(key, bytes("the bytes"));
      assertThat(body(key)).isEqualTo(bytes("the bytes"));
    }
  }

  private Catalog catalog() {
    return new Catalog(
        new RedisCalls(own, new SimpleMeterRegistry()),
        DoomedReplica.settings(Duration.ofMinutes(10)));
  }

  private String record(FragmentKey key) {
    return new String(redis.get(RedisKeys.name(name(key))), UTF_8);
  }
}
