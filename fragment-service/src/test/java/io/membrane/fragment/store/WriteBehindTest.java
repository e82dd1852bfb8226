package io.membrane.fragment.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.offheap.Payload;
import io.membrane.rpc.ErrorCode;
import io.membrane.tenancy.Policy;
import io.membrane.tenancy.Sharing;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Puts that are acknowledged from memory, with a Redis that answers late. */
class WriteBehindTest extends StoreOnRedis {

  private static final long WAITING = 1_000_000;
  private static final Duration LATE = Duration.ofMillis(700);

  private final RedisProcess process = RedisProcess.embedded();
  private final FragmentKey key = key();
  private final byte[] body = Seeds.bytes(random, 100_000);
  private @Nullable FragmentStore eager;

  @Override
  String[] properties() {
    return process.properties();
  }

  @BeforeEach
  void openEager() {
    eager = open(memory, CAPACITY, WAITING);
    // Policies are known from now on.
    assertThat(isThere(key())).isFalse();
    assertThat(eager.exists(eager.names(TENANT, List.of(key())))).containsExactly(false);
  }

  @AfterAll
  void stop() {
    process.close();
  }

  private FragmentStore eager() {
    return Objects.requireNonNull(eager);
  }

  private @Nullable ContentDigest putLater(String tenant, FragmentKey key, byte[] body) {
    try (Payload payload = payload(eager(), body)) {
      return eager().putLater(tenant, key, meta(null, false), null, payload);
    }
  }

  @Test
  void whatIsAcknowledgedIsReadFromMemoryUntilRedisHasItAndByAllFromThenOn() {
    redis.clientPause(LATE.toMillis());
    assertThat(putLater(TENANT, key, body)).isEqualTo(ContentDigest.of(body));

    assertThat(read(eager(), TENANT, key)).isEqualTo(body);
    Name name = eager().name(TENANT, key);
    assertThat(eager().exists(List.of(name))).containsExactly(true);
    assertThat(eager().describe(name)).extracting(Description::bytes).isEqualTo(100_000L);
    assertThat(eager().waitingBytes()).isEqualTo(100_000);

    Awaitility.await().until(() -> eager().waitingBytes() == 0);
    assertThat(body(key)).isEqualTo(body);
  }

  @Test
  void moreThanMayWaitIsNotAcceptedAndCanBePutAsEver() {
    redis.clientPause(LATE.toMillis());
    List<FragmentKey> keys = IntStream.range(0, 12).mapToObj(i -> key()).toList();
    List<Boolean> accepted =
        keys.stream().map(each -> putLater(TENANT, each, body) != null).toList();
    assertThat(accepted.subList(0, 10)).containsOnly(true);
    assertThat(accepted.subList(10, 12)).containsOnly(false);
    assertThat(put(eager(), keys.get(11), body).isNew()).isTrue();
    Awaitility.await().until(() -> eager().waitingBytes() == 0);
    assertThat(keys.stream().map(this::isThere)).containsOnlyOnce(false);
  }

  @Test
  void aTenantWithAQuotaHasNothingAccepted() {
    eager()
        .tenants()
        .setPolicy("limited", new Policy(200_000L, null, null, Sharing.ISOLATED, null, 3));
    assertThat(putLater("limited", key, body)).isNull();
  }

  @Test
  void otherBytesConflictWithThoseThatWaitAndEqualOnesAreAcceptedAgain() {
    redis.clientPause(LATE.toMillis());
    putLater(TENANT, key, body);
    assertThat(putLater(TENANT, key, body)).isEqualTo(ContentDigest.of(body));
    assertThat(eager().waitingBytes()).isEqualTo(100_000);
    assertThat(refusal(() -> putLater(TENANT, key, bytes("other"))))
        .isEqualTo(ErrorCode.FRAGMENT_CONFLICT);
    assertThat(refusal(() -> put(eager(), key, bytes("other"))))
        .isEqualTo(ErrorCode.FRAGMENT_CONFLICT);
    assertThat(body(key)).isEqualTo(body);
  }

  @Test
  void aRemovalWaitsForWhatItRemoves() {
    redis.clientPause(LATE.toMillis());
    putLater(TENANT, key, body);
    eager().delete(TENANT, key);
    assertThat(eager().waitingBytes()).isZero();
    assertThat(read(eager(), TENANT, key)).isNull();
    assertThat(isThere(key)).isFalse();
  }

  @Test
  void whatRedisRefusesIsDroppedAndCounted() {
    put(key, bytes("first"));
    double before = count(FragmentMetric.WRITE_BEHIND_LOST);
    assertThat(putLater(TENANT, key, body)).isNotNull();
    Awaitility.await().until(() -> eager().waitingBytes() == 0);
    assertThat(count(FragmentMetric.WRITE_BEHIND_LOST)).isEqualTo(before + 1);
    assertThat(body(key)).isEqualTo(bytes("first"));
  }

  @Test
  void aStopWritesWhatWaits() {
    redis.clientPause(LATE.toMillis());
    putLater(TENANT, key, body);
    eager().stop();
    assertThat(eager().waitingBytes()).isZero();
    assertThat(body(key)).isEqualTo(body);
  }
}
