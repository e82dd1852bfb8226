package io.membrane.directory.feed;

import static io.membrane.directory.location.Entries.ATTENTION;
import static io.membrane.directory.location.Entries.DOMAIN;
import static io.membrane.directory.location.Entries.cleared;
import static io.membrane.directory.location.Entries.removed;
import static io.membrane.directory.location.Entries.stored;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.block.BlockHash;
import io.membrane.directory.location.Entries;
import io.membrane.directory.location.NodeProgress;
import io.membrane.fixture.RedisProcess;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventBatch;
import io.membrane.wire.DirectoryClient.EventsAccepted;
import io.membrane.wire.LogPosition;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EventIntakeTest {

  private static final List<BlockHash> CHAIN = Entries.chain(40);

  private final RedisProcess redis = RedisProcess.embedded();
  private final Replica one = new Replica(redis.port()).ready();
  private final Replica two = new Replica(redis.port()).ready();

  @AfterEach
  void stop() {
    one.close();
    two.close();
    redis.close();
  }

  @Test
  void aBatchIsKnownAtThePositionThatItsAnswerNames() {
    EventsAccepted answer = one.accept("a", 1, 0, store(0), store(1), store(2));
    assertThat(answer.nextSequence()).isEqualTo(3);
    assertThat(answer.logPosition()).isNotNull();
    LogPosition at = LogPosition.parse(String.valueOf(answer.logPosition()));
    assertThat(two.tail.await(at, Replica.LIMIT)).isTrue();
    assertThat(two.image.blocks()).isEqualTo(3);
  }

  @Test
  void whatWasSeenIsSkippedWhicheverReplicaIsAsked() {
    one.accept("a", 1, 0, store(0), store(1));
    assertThat(two.accept("a", 1, 0, store(0), store(1)).nextSequence()).isEqualTo(2);
    assertThat(two.accept("a", 1, 1, store(1), store(2)).nextSequence()).isEqualTo(3);
    assertThat(one.accept("a", 1, 1, store(1)).nextSequence()).isEqualTo(3);
    assertThat(one.accept("a", 1, 3).nextSequence()).isEqualTo(3);
    one.awaitAll();
    assertThat(one.tail.count(LogTail.Outcome.APPLIED)).isEqualTo(3);
    assertThat(one.tail.count(LogTail.Outcome.SEEN)).isZero();
  }

  @Test
  void aGapIsRefusedAndNamesTheSequenceWanted() {
    one.accept("a", 1, 0, store(0), store(1));
    refused(
        () -> two.accept("a", 1, 3, store(3)),
        ErrorCode.SEQUENCE_GAP,
        "sequence 2 is wanted next of node a in epoch 1, not 3");
    refused(
        () -> two.accept("b", 1, 7, store(3)),
        ErrorCode.SEQUENCE_GAP,
        "sequence 0 is wanted next of node b in epoch 1, not 7");
    one.awaitAll();
    assertThat(one.image.blocks()).isEqualTo(2);
  }

  @Test
  void aNewEpochClearsTheNodeAndTheOldOneIsOver() {
    one.accept("a", 1, 0, store(0), store(1));
    one.accept("b", 1, 0, store(1));
    refused(() -> one.accept("a", 2, 2, store(2)), ErrorCode.SEQUENCE_GAP, "sequence 0 is wanted");
    one.accept("a", 2, 0, store(2));
    refused(() -> two.accept("a", 1, 2, store(3)), ErrorCode.SEQUENCE_GAP, "epoch 1 of node a is");
    one.awaitAll();
    assertThat(one.image.places(CHAIN.get(0), DOMAIN)).isEmpty();
    assertThat(one.image.places(CHAIN.get(1), DOMAIN))
        .singleElement()
        .matches(p -> p.node().equals("b"));
    assertThat(one.image.progress("c1", "a", DOMAIN)).isEqualTo(new NodeProgress(2, 1));
  }

  @Test
  void anEventThatCannotBeRefusesItsWholeBatchAndIsNamed() {
    Event noHash = removed(CHAIN.getFirst(), null, " ");
    refused(
        () -> one.accept("a", 1, 0, store(0), noHash), ErrorCode.IMPOSSIBLE_REQUEST, "events[1]: ");
    one.awaitAll();
    assertThat(one.image.blocks()).isZero();
  }

  @Test
  void batchesSentAtOnceToTwoReplicasEndInOneOrder() throws Exception {
    List<Callable<EventsAccepted>> sends = new ArrayList<>();
    Event[] all = new Event[30];
    for (int i = 0; i < all.length; i++) {
      all[i] = i % 10 == 9 ? cleared() : store(i);
    }
    for (int i = 0; i < 8; i++) {
      Replica replica = i % 2 == 0 ? one : two;
      sends.add(() -> replica.accept("a", 1, 0, all));
    }
    try (ExecutorService senders = Executors.newVirtualThreadPerTaskExecutor()) {
      for (var answer : senders.invokeAll(sends)) {
        assertThat(answer.get().nextSequence()).isEqualTo(30);
      }
    }
    one.accept("a", 1, 30, store(0));
    one.awaitAll();
    two.awaitAll();
    assertThat(one.tail.count(LogTail.Outcome.APPLIED)).isEqualTo(31);
    assertThat(one.image.copies()).isEqualTo(1);
    assertThat(two.answers(40)).isEqualTo(one.answers(40));
  }

  @Test
  void withoutRedisABatchIsRefusedToBeSentAgainAndLaterItIsTaken() {
    one.accept("a", 1, 0, store(0));
    redis.pause();
    assertThatThrownBy(() -> one.accept("a", 1, 1, store(1)))
        .isInstanceOfSatisfying(
            MembraneException.class, e -> assertThat(e.code().retriable()).isTrue());
    redis.resume();
    Awaitility.await()
        .atMost(Replica.LIMIT)
        .ignoreExceptions()
        .until(() -> one.accept("a", 1, 1, store(1)).nextSequence() == 2);
    one.awaitAll();
    assertThat(one.image.blocks()).isEqualTo(2);
    assertThat(one.image.progress("c1", "a", DOMAIN)).isEqualTo(new NodeProgress(1, 2));
  }

  @Test
  void nodesOfTheSameNameInTwoClustersAreTwoNodes() {
    one.accept("a", 1, 0, store(0));
    one.intake.accept(new EventBatch("a", "c2", 9L, 0L, List.of(store(0))), DOMAIN);
    one.awaitAll();
    assertThat(one.image.places(CHAIN.getFirst(), DOMAIN)).hasSize(2);
  }

  private static Event store(int block) {
    return stored(CHAIN, block, ATTENTION, "gpu");
  }

  private static void refused(ThrowingCallable call, ErrorCode code, String detail) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(MembraneException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining(detail);
  }
}
