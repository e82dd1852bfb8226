package io.membrane.scheduler.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.fixture.RedisProcess;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class JobsTest {

  static final String TENANT = "acme";

  private final RedisProcess redis = RedisProcess.embedded();
  private final Replica one = new Replica(redis);
  private final Replica other = new Replica(redis);

  @AfterEach
  void end() {
    one.close();
    other.close();
    redis.close();
  }

  @Test
  void aJobRunsAndEveryReplicaSeesHowFarItIsAndItsResult() {
    Gate gate = new Gate();
    JobState submitted =
        one.jobs()
            .submit(
                TENANT,
                progress -> {
                  progress.report(0.25);
                  progress.report(0.125);
                  gate.pass();
                  return "{\"answer\":42}";
                });
    String id = submitted.id();
    assertThat(submitted.status()).isEqualTo(Status.QUEUED);

    soon().until(() -> other.state(id).progress() == 0.25);
    JobState running = other.state(id);
    assertThat(running.status()).isEqualTo(Status.RUNNING);
    assertThat(running.startedAtMs()).isGreaterThanOrEqualTo(running.submittedAtMs());
    assertThat(running.endedAtMs()).isNull();
    assertThat(other.jobs().result(TENANT, id)).isNull();

    gate.open();
    soon().until(() -> other.state(id).status() == Status.DONE);
    JobState done = other.state(id);
    assertThat(done.progress()).isEqualTo(1);
    assertThat(done.endedAtMs()).isGreaterThanOrEqualTo(done.submittedAtMs());
    assertThat(other.jobs().result(TENANT, id)).isEqualTo("{\"answer\":42}");
    assertThat(one.jobs().underWay()).isZero();
    soon().until(() -> one.ended().equals(List.of(Status.DONE)));
  }

  @Test
  void aJobThatFailsSaysWhy() {
    String said =
        one.submit(progress -> {
          throw new MembraneException(ErrorCode.IMPOSSIBLE_REQUEST, "no decode node");
        });
    String unexpected =
        one.submit(progress -> {
          throw new IllegalStateException("internals");
        });

    for (String id : List.of(said, unexpected)) {
      soon().until(() -> other.state(id).status() == Status.FAILED);
    }
    assertThat(other.state(said).reason()).isEqualTo("no decode node");
    assertThat(other.state(unexpected).reason()).contains("the log has it");
    assertThat(other.state(unexpected).reason()).doesNotContain("internals");
  }

  @Test
  void anotherReplicaCancelsARunningJobAndAWaitingOne() {
    Gate never = new Gate();
    String running =
        one.submit(progress -> {
          soon().until(progress::isCancelled);
          return "{}";
        });
    String waiting =
        one.submit(progress -> {
          never.open();
          return "{}";
        });
    soon().until(() -> other.state(running).status() == Status.RUNNING);

    assertThat(other.jobs().cancel(TENANT, waiting)).isTrue();
    soon().until(() -> other.state(waiting).status() == Status.CANCELLED);
    assertThat(other.state(running).status()).isEqualTo(Status.RUNNING);

    assertThat(other.jobs().cancel(TENANT, running)).isTrue();
    soon().until(() -> other.state(running).status() == Status.CANCELLED);
    assertThat(other.state(running).reason()).contains("request");
    assertThat(other.jobs().result(TENANT, running)).isNull();
    assertThat(never.isOpen()).as("the waiting one ran").isFalse();
    assertThat(one.jobs().underWay()).isZero();
  }

  @Test
  void aJobThatHasEndedStaysAsItEnded() {
    String id = one.submit(progress -> "{}");
    soon().until(() -> other.state(id).status() == Status.DONE);

    assertThat(other.jobs().cancel(TENANT, id)).isTrue();

    String next = one.submit(progress -> "{}");
    soon().until(() -> other.state(next).status() == Status.DONE);
    assertThat(other.state(id).status()).isEqualTo(Status.DONE);
  }

  @Test
  void oneRunsEightWaitAndMoreAreTurnedAwayUntilThereIsRoom() {
    Gate gate = new Gate();
    List<String> ids = new ArrayList<>();
    for (int i = 0; i <= Jobs.MOST_WAITING; i++) {
      ids.add(
          one.submit(progress -> {
            gate.pass();
            return "{}";
          }));
    }
    assertThatThrownBy(() -> one.submit(progress -> "{}"))
        .isInstanceOfSatisfying(
            MembraneException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED));
    assertThat(other.jobs().newestFirst(TENANT)).hasSize(1 + Jobs.MOST_WAITING);

    one.jobs().cancel(TENANT, ids.getLast());
    soon().until(() -> one.jobs().underWay() == Jobs.MOST_WAITING);
    String more = one.submit(progress -> "{}");
    gate.open();
    soon().until(() -> other.state(more).status() == Status.DONE);
  }

  @Test
  void theListIsTheTenantsOwnNewestFirstAndTheOldestGo() {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < JobStore.MOST_KEPT + 3; i++) {
      one.clock().advance(Duration.ofSeconds(1));
      ids.add(one.submit(progress -> "{}"));
      soon().until(() -> one.ended().size() == ids.size());
    }
    String elsewhere = one.jobs().submit("other-tenant", progress -> "{}").id();

    List<String> listed = other.jobs().newestFirst(TENANT).stream().map(JobState::id).toList();
    assertThat(listed).isEqualTo(ids.reversed().subList(0, JobStore.MOST_KEPT));
    assertThat(other.jobs().find(TENANT, ids.getFirst())).isEmpty();
    assertThat(other.jobs().find(TENANT, elsewhere)).isEmpty();
    assertThat(other.jobs().cancel(TENANT, elsewhere)).isFalse();
    assertThat(other.jobs().newestFirst("other-tenant")).hasSize(1);
  }

  @Test
  void aReplicaThatDiesLeavesAJobThatIsSeenAsFailed() {
    Gate gate = new Gate();
    String id =
        one.submit(progress -> {
          gate.pass();
          return "{}";
        });
    soon().until(() -> other.state(id).status() == Status.RUNNING);

    one.cutOffFromRedis();
    soon().until(() -> other.state(id).status() == Status.FAILED);
    assertThat(other.state(id).reason()).contains("the replica that ran it is gone");
    assertThat(other.jobs().newestFirst(TENANT).getFirst().status()).isEqualTo(Status.FAILED);
    gate.open();
  }

  @Test
  void aShutdownEndsWhatRunsAndWhatWaitsAndSaysSo() {
    String running =
        one.submit(progress -> {
          soon().until(progress::isCancelled);
          return "{}";
        });
    String waiting = one.submit(progress -> "{}");
    soon().until(() -> other.state(running).status() == Status.RUNNING);

    one.jobs().close();

    for (String id : List.of(running, waiting)) {
      assertThat(other.state(id).status()).isEqualTo(Status.FAILED);
      assertThat(other.state(id).reason()).contains("shut down");
    }
    assertThatThrownBy(() -> one.submit(progress -> "{}"))
        .isInstanceOfSatisfying(
            MembraneException.class, e -> assertThat(e.code().retriable()).isTrue());
  }

  @Test
  void aRunOutlivesRedisAndItsResultIsWrittenWhenRedisIsBack() {
    Gate gate = new Gate();
    String id =
        one.submit(progress -> {
          gate.pass();
          return "{\"still\":\"here\"}";
        });
    soon().until(() -> other.state(id).status() == Status.RUNNING);

    redis.kill();
    assertThatThrownBy(() -> one.submit(progress -> "{}"))
        .isInstanceOfSatisfying(
            MembraneException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.DEPENDENCY_UNAVAILABLE));
    gate.open();
    soon().until(() -> one.jobs().underWay() == 0);

    redis.restart();
    soon().ignoreExceptions().until(() -> other.state(id).status() == Status.DONE);
    assertThat(other.jobs().result(TENANT, id)).isEqualTo("{\"still\":\"here\"}");
  }

  @Test
  void idsThatWereNeverGivenAreNotFound() {
    for (String id : List.of("", "x", "sim-" + "0".repeat(32), "sim-*", "a".repeat(10_000))) {
      assertThat(one.jobs().find(TENANT, id)).isEmpty();
      assertThat(one.jobs().cancel(TENANT, id)).isFalse();
      assertThat(one.jobs().result(TENANT, id)).isNull();
    }
  }

  private static ConditionFactory soon() {
    return Awaitility.await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(10));
  }

  /** Holds work up until it is opened. */
  private static final class Gate {

    private final CountDownLatch latch = new CountDownLatch(1);

    void pass() throws InterruptedException {
      latch.await();
    }

    void open() {
      latch.countDown();
    }

    boolean isOpen() {
      return latch.getCount() == 0;
    }
  }
}
