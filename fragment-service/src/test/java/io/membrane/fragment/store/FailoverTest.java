package io.membrane.fragment.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.fixture.RedisClusterProcess;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.RedisSentinels;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/**
 * A primary dies under load with writes that its replica has not got. What the replica has is
 * there, the rest are misses, and a sweep leaves nothing half.
 */
class FailoverTest {

  private static final String NAMES = RedisKeys.PREFIX;
  private static final Duration SWEPT_WITHIN = Duration.ofSeconds(30);

  /** The command timeout of these connections, and time for a busy machine. */
  private static final Duration ANSWERED_WITHIN = Duration.ofSeconds(20);

  private final Random random = new Random(23);

  @Test
  void aClusterLosesAPrimaryThatHoldsOnlyBodiesAndThenTheOneThatHoldsTheNames() {
    try (RedisClusterProcess cluster = RedisClusterProcess.withReplicas()) {
      List<String> slots = aKeyOnEachPrimary(cluster);
      Runnable replicated = () -> slots.forEach(cluster::awaitReplication);

      Set<FragmentKey> withoutBytes =
          survives(
              cluster.properties(),
              replicated,
              () -> cluster.stopReplication(slots.getLast()),
              cluster.primaryOf(slots.getLast()),
              false);
      assertThat(withoutBytes).isNotEmpty();

      List<String> rest = slots.subList(0, 2);
      survivesWithoutNames(
          cluster.properties(),
          () -> rest.forEach(cluster::awaitReplication),
          () -> cluster.stopReplication(NAMES),
          cluster.primaryOf(NAMES));
    }
  }

  @Test
  void sentinelsReplaceTheOnlyPrimary() {
    try (RedisSentinels sentinels = new RedisSentinels()) {
      survivesWithoutNames(
          sentinels.properties(),
          sentinels::awaitReplication,
          sentinels::stopReplication,
          sentinels.primary());
    }
  }

  /** First that of the names. */
  private static List<String> aKeyOnEachPrimary(RedisClusterProcess cluster) {
    Set<RedisProcess> seen = new HashSet<>();
    return IntStream.range(-1, 100)
        .mapToObj(i -> i < 0 ? NAMES : RedisKeys.BODY_PREFIX + i)
        .filter(key -> seen.size() < 3 && seen.add(cluster.primaryOf(key)))
        .toList();
  }

  private void survivesWithoutNames(
      String[] settings, Runnable awaitReplication, Runnable stopReplication, RedisProcess victim) {
    assertThat(survives(settings, awaitReplication, stopReplication, victim, true))
        .hasSizeGreaterThanOrEqualTo(FailoverLoad.SOME);
  }

  /**
   * Answers which of the puts that were acknowledged but not replicated are misses.
   *
   * @param victim what is killed
   * @param names whether it holds the names
   */
  private Set<FragmentKey> survives(
      String[] settings,
      Runnable awaitReplication,
      Runnable stopReplication,
      RedisProcess victim,
      boolean names) {
    try (FailoverLoad load = new FailoverLoad(random, settings)) {
      load.awaitMore();
      Set<FragmentKey> replicated = load.acknowledged();
      awaitReplication.run();
      stopReplication.run();
      Set<FragmentKey> perhaps = load.acknowledged();
      load.awaitMore();
      Set<FragmentKey> unsure = load.acknowledged();
      unsure.removeAll(perhaps);
      load.goOn();
      victim.kill();
      load.awaitRefusal();
      load.awaitAll(replicated);
      load.awaitMore();
      load.end();

      assertThat(load.strange()).isEmpty();
      assertThat(load.slowest()).isLessThan(ANSWERED_WITHIN);
      assertThat(replicated).isNotEmpty().allMatch(load::read);
      Set<FragmentKey> lost = new HashSet<>(load.acknowledged());
      lost.removeIf(load::read);
      load.catchUp();
      if (names) {
        assertThat(lost).noneMatch(load::isInMemory);
      }
      assertThat(lost).allMatch(load::canBePutAgain);
      Awaitility.await()
          .atMost(SWEPT_WITHIN)
          .pollInterval(Duration.ofMillis(500))
          .untilAsserted(load::leavesNothingHalf);
      lost.retainAll(unsure);
      return lost;
    }
  }
}
