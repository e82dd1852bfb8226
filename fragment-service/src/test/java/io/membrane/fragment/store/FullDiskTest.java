package io.membrane.fragment.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A Redis whose disk has no room: it refuses all writes once it has noticed. */
class FullDiskTest extends StoreOnRedis {

  private final RedisProcess process = RedisProcess.onFullDisk();
  private final byte[] body = Seeds.bytes(random, 100_000);

  @Override
  String[] properties() {
    return process.properties();
  }

  @Override
  String[] propertiesOfAdministrator() {
    return process.properties();
  }

  /** Nothing is written before the test does. */
  @Override
  @BeforeEach
  void empty() {
    connect();
  }

  @AfterAll
  void stop() {
    process.close();
  }

  @Test
  void whatWasStoredIsReadWhatIsRefusedIsNotThereAndPutsGoOnAfterwards() {
    List<FragmentKey> stored = new ArrayList<>();
    Awaitility.await().until(() -> isRefused(stored));
    FragmentKey refused = key();

    assertThat(refusal(() -> put(refused, body))).isEqualTo(ErrorCode.STORAGE_FULL);

    assertThat(calls("misconf")).isPositive();
    assertThat(isThere(refused)).isFalse();
    assertThat(read(refused)).isNull();
    assertThat(stored).allSatisfy(key -> assertThat(body(key)).isEqualTo(body));

    redis.configSet("appendonly", "no");
    Awaitility.await().until(() -> !isRefused(stored));
    assertThat(put(refused, body).isNew()).isTrue();
    assertThat(body(refused)).isEqualTo(body);
    isConsistentAfterASweep();
  }

  /** Stores one more, or is refused for want of room. */
  private boolean isRefused(List<FragmentKey> stored) {
    FragmentKey key = key();
    try {
      put(key, body);
      stored.add(key);
      return false;
    } catch (MembraneException e) {
      assertThat(e.code()).isEqualTo(ErrorCode.STORAGE_FULL);
      return true;
    }
  }
}
