package io.membrane.fragment.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.fixture.RedisSentinels;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** On a primary that sentinels watch, as a user with no more rights than needed. */
class InventoriesOnSentinelTest extends InventoriesContract {

  private static final Duration TAKEN_OVER_WITHIN = Duration.ofSeconds(60);

  private final RedisSentinels sentinels = new RedisSentinels();

  @Override
  String[] properties() {
    return sentinels.propertiesOfUser();
  }

  @Override
  String[] propertiesOfAdministrator() {
    return sentinels.properties();
  }

  @Test
  void afterAFailoverItIsWhatTheNewPrimaryHolds() {
    put(key(), bytes("replicated"));
    sentinels.awaitReplication();
    isWhatRedisHolds(store);
    sentinels.stopReplication();
    FragmentKey lost = key();
    put(lost, bytes("lost"));
    assertThat(held()).containsKey(lost).hasSize(2);

    sentinels.primary().kill();
    FragmentKey after = key();
    Awaitility.await()
        .atMost(TAKEN_OVER_WITHIN)
        .ignoreExceptions()
        .untilAsserted(() -> {
          put(after, bytes("after"));
          assertThat(held()).containsKey(after);
        });
    assertThat(held()).doesNotContainKey(lost).hasSize(2);
    isWhatRedisHolds(store);
  }

  @AfterAll
  void stop() {
    sentinels.close();
  }
}
