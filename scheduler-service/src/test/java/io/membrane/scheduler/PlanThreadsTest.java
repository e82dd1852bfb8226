package io.membrane.scheduler;

import static io.membrane.fixture.ServiceUnderTest.ok;
import static io.membrane.fixture.ServiceUnderTest.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.fixture.ServiceUnderTest;
import io.membrane.rpc.MembraneException;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;

class PlanThreadsTest {

  /** As many as requests have carriers. */
  private static final int MOST = Runtime.getRuntime().availableProcessors();

  @EnableAutoConfiguration
  @Import(PlanEndpoint.class)
  static class PlansAlone {

    @Bean
    PlanThreads planThreads() {
      return new PlanThreads(MOST, Duration.ofMillis(1));
    }
  }

  private final Semaphore running = new Semaphore(0);
  private volatile boolean ends;

  @AfterEach
  void end() {
    ends = true;
  }

  @Test
  void whileAsManyPlansRunAsThereMayFurtherOnesAreTurnedAwayAndTheServiceAnswers()
      throws Exception {
    try (ServiceUnderTest service = new ServiceUnderTest(PlansAlone.class)) {
      PlanThreads threads = service.bean(PlanThreads.class);
      List<FutureTask<String>> plans = new ArrayList<>();
      for (int i = 0; i < MOST; i++) {
        FutureTask<String> plan = new FutureTask<>(() -> threads.call(this::busy));
        plans.add(plan);
        var _ = Thread.startVirtualThread(plan);
      }
      running.acquire(MOST);

      HttpRequest.Builder profiles =
          HttpRequest.newBuilder(service.uri("/v1/profiles")).timeout(Duration.ofSeconds(60));
      assertThat(ok(service.send(profiles)).has("profiles")).isTrue();
      problem(429, "overloaded", service.post("/v1/plans", "{}"));

      ends = true;
      for (FutureTask<String> plan : plans) {
        assertThat(plan.get()).isEqualTo("planned");
      }
    }
  }

  @Test
  void aRequestThatIsInterruptedEndsItsPlanAndFreesTheThread() throws Exception {
    PlanThreads one = new PlanThreads(1, Duration.ofMinutes(1));
    FutureTask<String> plan = new FutureTask<>(() -> one.call(this::busy));
    Thread request = Thread.startVirtualThread(plan);
    running.acquire();
    request.interrupt();

    assertThatThrownBy(plan::get)
        .hasCauseInstanceOf(MembraneException.class)
        .rootCause()
        .hasMessage("the service stops");
    assertThat(one.<String>call(checkpoint -> "another")).isEqualTo("another");
  }

  @Test
  void whatAPlanThrowsReachesItsRequestAndFreesTheThread() {
    PlanThreads one = new PlanThreads(1, Duration.ofMinutes(1));
    assertThatThrownBy(() ->
            one.call(checkpoint -> {
              throw new IllegalArgumentException("nobody decodes");
            }))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("nobody decodes");
    assertThat(one.<String>call(checkpoint -> "another")).isEqualTo("another");
  }

  /** Holds its thread, and never waits. */
  private String busy(Runnable checkpoint) {
    running.release();
    while (!ends) {
      checkpoint.run();
    }
    return "planned";
  }
}
