package io.membrane.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.membrane.worker.batch.ComputeLane;
import io.membrane.worker.prefill.Prefill;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.TestPropertySource;

/** A worker of its own, which ends. */
@TestPropertySource(
    properties = {"membrane.worker.profile=0s", "membrane.worker.model-id=ending-llama"})
@DirtiesContext
class DrainTest extends WorkerHttpTest {

  private static final String PROMPT = "{\"tokens\":[1,2,3]}";

  @Autowired ComputeLane<Prefill> lane;
  @Autowired Drain drain;

  @Test
  @Timeout(120)
  void promptsThatWereTakenInEndAndNewOnesAreSentElsewhere() throws Exception {
    CountDownLatch drained = new CountDownLatch(1);
    try (HeldLane held = new HeldLane(lane)) {
      Future<Answer> taken = held.submit(() -> post("/v1/prefill", PROMPT));
      await().until(() -> lane.waiting() == 1);
      drain.stop(drained::countDown);
      assertThat(get("/actuator/health/readiness").status()).isEqualTo(503);
      Answer refused = post("/v1/prefill", PROMPT);
      assertThat(refused.status()).isEqualTo(503);
      assertThat(refused.code()).isEqualTo("dependency_unavailable");
      assertThat(refused.http().headers().firstValue("Retry-After")).isPresent();
      assertThat(drained.getCount()).isEqualTo(1);
      held.release();
      assertThat(taken.get().status()).isEqualTo(200);
      assertThat(drained.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(drain.isRunning()).isFalse();
      drain.start();
      assertThat(get("/actuator/health/readiness").status()).isEqualTo(200);
      assertThat(post("/v1/prefill", PROMPT).status()).isEqualTo(200);
    }
  }
}
