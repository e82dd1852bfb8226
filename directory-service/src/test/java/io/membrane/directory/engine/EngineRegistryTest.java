package io.membrane.directory.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.membrane.block.BlockHasher;
import io.membrane.block.Namespace;
import io.membrane.directory.location.Source;
import io.membrane.fixture.RedisConnections;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.tenancy.Policies;
import io.membrane.tenancy.Policy;
import io.membrane.tenancy.Sharing;
import java.time.Clock;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

class EngineRegistryTest {

  private static final RedisProcess REDIS = RedisProcess.embedded();
  private static final LettuceConnectionFactory CONNECTIONS = RedisConnections.to(REDIS.port());
  private static final Namespace NAMESPACE = Seeds.namespace(4);

  private static final long LEAST = 1_789_095_808_837L;

  private final EngineRegistry registry = registry(Sharing.ISOLATED);

  @BeforeAll
  static void ready() {
    Awaitility.await()
        .ignoreExceptions()
        .until(() -> registry(Sharing.ISOLATED).registered().isEmpty());
  }

  @AfterAll
  static void stop() {
    CONNECTIONS.destroy();
    REDIS.close();
  }

  private static EngineRegistry registry(Sharing sharing) {
    return new EngineRegistry(
        CONNECTIONS, new Policies(_ -> null, Policy.standard(sharing), Clock.systemUTC()));
  }

  private static Engine engine(String tenant, String id) {
    return new Engine(
        id,
        tenant,
        "c1",
        NAMESPACE,
        BlockHasher.root(NAMESPACE, ""),
        2,
        "tcp://h:5557",
        null,
        "",
        false);
  }

  @Test
  void noTwoAreGivenTheSameEpochAndEachIsLaterThanTheOneBefore() throws Exception {
    Source source = new Source("c1", "n", "d");
    Set<Long> given = ConcurrentHashMap.newKeySet();
    Callable<Void> replica =
        () -> {
          for (int i = 0; i < 200; i++) {
            given.add(nextEpoch(source));
          }
          return null;
        };
    try (ExecutorService replicas = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Void> done : replicas.invokeAll(Collections.nCopies(3, replica))) {
        done.get();
      }
    }
    assertThat(given).hasSize(600).allMatch(epoch -> epoch >= LEAST);
    assertThat(registry.nextEpoch(source, 1_800_000_000_000L)).isEqualTo(1_800_000_000_000L);
    assertThat(registry.nextEpoch(source, 1)).isEqualTo(1_800_000_000_001L);
    assertThat(registry.nextEpoch(new Source("c1", "n", "other"), 7)).isEqualTo(7);
  }

  /** As a follower that tries again while Redis is slow. */
  private long nextEpoch(Source source) {
    while (true) {
      try {
        return registry.nextEpoch(source, LEAST);
      } catch (MembraneException e) {
        assertThat(e.code()).isEqualTo(ErrorCode.DEPENDENCY_UNAVAILABLE);
      }
    }
  }

  @Test
  void aReplicaLivesUntilItGoesOrItsLeaseEnds() {
    Duration lease = Duration.ofMinutes(1);
    assertThat(registry.live("r-1", lease)).containsExactly("r-1");
    assertThat(registry.live("r-2", lease)).containsExactlyInAnyOrder("r-1", "r-2");
    registry.leave("r-1");
    assertThat(registry.live("r-2", lease)).containsExactly("r-2");
    assertThat(registry.live("r-3", Duration.ofMillis(1))).contains("r-3");
    Awaitility.await().until(() -> registry.live("r-2", lease).equals(List.of("r-2")));
    registry.leave("r-2");
  }

  @Test
  void anEngineIsInTheDomainOfItsTenantAndNoTwoAreOnePlace() {
    registry.put(engine("a", "e"));
    registry.put(engine("b", "e"));
    assertThat(registry.registered().values())
        .extracting(EngineRegistry.Registered::source)
        .containsExactly(new Source("c1", "e", "tenant:a"), new Source("c1", "e", "tenant:b"));
    EngineRegistry open = registry(Sharing.PUBLIC);
    assertThat(open.registered().values())
        .extracting(EngineRegistry.Registered::source)
        .containsExactly(new Source("c1", "e", "public"));
    assertThatExceptionOfType(MembraneException.class)
        .isThrownBy(() -> open.put(engine("c", "e")))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.IMPOSSIBLE_REQUEST));
    registry.remove("a", "e");
    registry.remove("b", "e");
    assertThat(registry.registered()).isEmpty();
  }

  @Test
  void anEngineWhoseTenantsPolicyCannotBeReadIsNotFollowed() {
    EngineRegistry unsure =
        new EngineRegistry(
            CONNECTIONS,
            new Policies(
                key -> key.endsWith(":x") ? new byte[] {'?'} : null,
                Policy.standard(Sharing.ISOLATED),
                Clock.systemUTC()));
    registry.put(engine("x", "e"));
    registry.put(engine("y", "e"));
    assertThat(unsure.registered()).containsOnlyKeys("y/e");
    assertThat(unsure.of("x")).hasSize(1);
    registry.remove("x", "e");
    registry.remove("y", "e");
  }
}
