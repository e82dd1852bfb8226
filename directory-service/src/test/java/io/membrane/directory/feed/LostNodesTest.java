package io.membrane.directory.feed;

import static io.membrane.directory.location.Entries.ATTENTION;
import static io.membrane.directory.location.Entries.DOMAIN;
import static io.membrane.directory.location.Entries.entry;
import static io.membrane.directory.location.Entries.stored;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.block.BlockHash;
import io.membrane.directory.location.Entries;
import io.membrane.directory.location.NodeProgress;
import io.membrane.directory.location.Source;
import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fixture.RedisConnections;
import io.membrane.fixture.RedisProcess;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventBatch;
import io.membrane.wire.MembershipClient.Node;
import io.membrane.wire.MembershipClient.NodeState;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

class LostNodesTest {

  private static final List<BlockHash> CHAIN = Entries.chain(8);

  private final RedisProcess redis = RedisProcess.embedded();
  private final LettuceConnectionFactory connections = RedisConnections.to(redis.port());
  private final Replica one = new Replica(redis.port()).ready();
  private final Replica two = new Replica(redis.port()).ready();

  @AfterEach
  void stop() {
    one.close();
    two.close();
    connections.destroy();
    redis.close();
  }

  @Test
  void whatALostNodeHoldsEndsInEveryDomainAndForEveryReplica() {
    one.accept("a", 1, 0, store(0), store(1));
    one.intake.accept(new EventBatch("a", "c1", 7L, 0L, List.of(store(2))), "tenant:t");
    one.accept("b", 1, 0, store(0));
    one.intake.accept(new EventBatch("a", "c2", 1L, 0L, List.of(store(0))), DOMAIN);
    end(one, "a");
    try (Replica three = new Replica(redis.port()).ready()) {
      for (Replica replica : List.of(one, two, three)) {
        replica.awaitAll();
        assertThat(replica.image.places(CHAIN.get(0), DOMAIN))
            .extracting(place -> place.cluster() + "/" + place.node())
            .containsExactlyInAnyOrder("c1/b", "c2/a");
        assertThat(replica.image.places(CHAIN.get(1), DOMAIN)).isEmpty();
        assertThat(replica.image.places(CHAIN.get(2), "tenant:t")).isEmpty();
        assertThat(replica.tail.isDoubtful()).isFalse();
        assertThat(replica.image.gaps()).isZero();
        assertBeginsAnew(replica, 1, 2);
      }
    }
  }

  @Test
  void aNodeThatComesBackBeginsTheNextEpoch() {
    one.accept("a", 1, 0, store(0));
    end(one, "a");
    assertBeginsAnew(two, 1, 1);
    assertBeginsAnew(two, 1, 0);
    assertThat(two.accept("a", 2, 0, store(3)).nextSequence()).isEqualTo(1);
    assertThat(one.accept("a", 2, 1, store(4)).nextSequence()).isEqualTo(2);
    assertHolds(one, 3, 4);
    assertHolds(two, 3, 4);
  }

  @Test
  void whoeverEndsANodeAgainAfterItCameBackEndsNothing() {
    one.accept("a", 1, 0, store(0));
    one.awaitAll();
    two.awaitAll();
    end(one, "a");
    one.accept("a", 2, 0, store(3));
    var _ = one.log.append(lost(1));
    assertHolds(one, 3);
    assertHolds(two, 3);
    assertThat(two.accept("a", 2, 1, store(4)).nextSequence()).isEqualTo(2);
  }

  @Test
  void twoReplicasThatEndANodeAtOnceEndItOnce() {
    one.accept("a", 1, 0, store(0));
    var _ = one.log.append(lost(1));
    var _ = two.log.append(lost(1));
    assertHolds(two);
    assertThat(two.tail.count(LogTail.Outcome.OUTDATED)).isEqualTo(1);
    LogPositions before = positions();
    end(one, "a");
    end(two, "a");
    assertThat(positions()).isEqualTo(before);
  }

  @Test
  void aBatchThatComesLateInTheEndedEpochIsNotHeard() {
    one.accept("a", 1, 0, store(0));
    end(one, "a");
    var _ = one.log.append(new LogBatch("a", "c1", DOMAIN, 1L, 1L, List.of(store(1))));
    assertHolds(one);
    assertHolds(two);
    assertBeginsAnew(two, 1, 2);
  }

  @Test
  void theSharedStoreAndWhatOthersLookAfterStay() {
    StoreEntries.append(new StringRedisTemplate(connections), List.of(entry("redis", store(0))));
    one.accept("engine", 1, 0, store(1));
    one.awaitAll();
    lostNodes(one, Set.of(new Source("c1", "engine", DOMAIN)))
        .end(List.of(node("redis"), node("engine")));
    one.awaitAll();
    assertThat(one.image.places(CHAIN.get(0), DOMAIN)).hasSize(1);
    assertThat(one.image.places(CHAIN.get(1), DOMAIN)).hasSize(1);
  }

  @Test
  void whileTheLogCannotBeWrittenNothingEndsAndLaterItDoes() {
    one.accept("a", 1, 0, store(0));
    try (FaultProxy link = new FaultProxy(redis.port());
        Replica behind = new Replica(link.port()).ready()) {
      behind.awaitAll();
      link.inject(new Fault.Refuse());
      LostNodes lost = lostNodes(behind, Set.of());
      assertThatThrownBy(() -> lost.end(List.of(node("a"))))
          .isInstanceOfSatisfying(
              MembraneException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.DEPENDENCY_UNAVAILABLE));
      assertHolds(one, 0);
      link.heal();
      behind.awaitAll();
      lost.end(List.of(node("a")));
    }
    assertHolds(one);
  }

  private record LogPositions(Object one, Object two) {}

  private LogPositions positions() {
    one.awaitAll();
    two.awaitAll();
    return new LogPositions(one.tail.position(), two.tail.position());
  }

  private static void assertHolds(Replica replica, Integer... blocks) {
    replica.awaitAll();
    assertThat(CHAIN)
        .filteredOn(hash -> !replica.image.places(hash, DOMAIN).isEmpty())
        .extracting(CHAIN::indexOf)
        .containsExactly(blocks);
  }

  private static void assertBeginsAnew(Replica replica, long epoch, long sequence) {
    assertThatThrownBy(() -> replica.accept("a", epoch, sequence, store(5)))
        .hasMessageContaining(
            "node a was lost in epoch %d; begin a later epoch with sequence 0 and all", epoch)
        .isInstanceOfSatisfying(
            MembraneException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SEQUENCE_GAP));
  }

  private static void end(Replica replica, String node) {
    replica.awaitAll();
    lostNodes(replica, Set.of()).end(List.of(node(node)));
    replica.awaitAll();
  }

  private static LostNodes lostNodes(Replica replica, Set<Source> followed) {
    return new LostNodes(replica.log, replica.tail, replica.image, () -> followed);
  }

  private static LogBatch lost(long epoch) {
    return new LogBatch(
        "a", "c1", DOMAIN, epoch, NodeProgress.LAST_SEQUENCE, List.of(Entries.cleared()));
  }

  private static Node node(String id) {
    return new Node(id, "fragment", "c1", "http://10.0.0.7:1", 64, null, 0, NodeState.LOST);
  }

  private static Event store(int block) {
    return stored(CHAIN, block, ATTENTION, "memory");
  }
}
