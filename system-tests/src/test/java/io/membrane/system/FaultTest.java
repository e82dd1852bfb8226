package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.Tokens;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.Problem;
import io.membrane.system.Http.Answer;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One part of the fleet at a time is killed, and comes back. */
class FaultTest {

  private static final Duration RECOVERY = Duration.ofSeconds(90);

  @RegisterExtension static final TestFleet FLEET = TestFleet.shared();

  private final Http http = FLEET.http();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "directory-service",
        "reconstruction-service",
        "scheduler-service",
        "compute-worker"
      })
  void aKilledServiceIsAClearErrorAndNeedsNoRestartOfTheOthers(String service) {
    Map<String, Object> before = prompt(service.hashCode());
    expectAnswer(before);

    FLEET.kill(service);
    long start = System.nanoTime();
    Problem problem = http.post("/v1/contexts", prompt(service.hashCode() + 1)).problem(503);
    assertThat(problem.retriable()).isTrue();
    assertThat(problem.code()).isEqualTo("dependency_unavailable");
    assertThat(problem.detail()).contains(service);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));

    FLEET.restart(service);
    expectAnswer(prompt(service.hashCode() + 1));
    assertThat(expectAnswer(before).coverage().reusedTokens()).isEqualTo(512);
  }

  @Test
  void withoutFragmentServiceAPromptIsComputedAndSaidNotToBeStored() {
    Map<String, Object> before = prompt(10);
    expectAnswer(before);

    FLEET.kill("fragment-service");
    ContextResponse computed = expectAnswer(prompt(11));
    assertThat(computed.coverage().prefilledTokens()).isEqualTo(520);
    assertThat(computed.segments().getFirst().why()).contains("could not be stored");

    FLEET.restart("fragment-service");
    expectReuse(prompt(11));
    expectReuse(before);
  }

  @Test
  void aKilledGatewayComesBack() {
    FLEET.kill("gateway");
    FLEET.restart("gateway");
    expectAnswer(prompt(77));
  }

  @Test
  void withoutRedisTheStoresAreNotReadyButAliveAndRecoverEmpty() {
    Map<String, Object> before = prompt(5);
    expectAnswer(before);

    FLEET.kill("redis");
    for (String service : new String[] {"fragment-service", "directory-service"}) {
      Http direct = FLEET.http(service);
      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(
              () -> assertThat(direct.get("/actuator/health/readiness").status()).isEqualTo(503));
      assertThat(direct.get("/actuator/health/liveness").status()).isEqualTo(200);
    }
    Answer answer = http.post("/v1/contexts", prompt(6));
    if (answer.status() == 200) {
      assertThat(answer.as(ContextResponse.class).segments().getFirst().why())
          .contains("could not be stored");
    } else {
      assertThat(answer.problem(503).retriable()).isTrue();
      assertThat(answer.header("Retry-After")).isNotEmpty();
    }

    FLEET.restart("redis");
    ContextResponse after = expectAnswer(before);
    assertThat(after.coverage().missingTokens()).isZero();
    expectReuse(before);
  }

  @Test
  void aServiceThatHangsCostsTheDeadlineAndNotMore() {
    FLEET.pause("compute-worker");
    long start = System.nanoTime();
    Map<String, Object> request = new java.util.HashMap<>(prompt(9));
    request.put("deadline_ms", 1500);
    try {
      Problem problem = http.post("/v1/contexts", request).problem(503);
      assertThat(problem.code()).isEqualTo("deadline_exceeded");
      assertThat(problem.retriable()).isTrue();
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
    } finally {
      FLEET.resume("compute-worker");
    }
    expectAnswer(prompt(9));
  }

  @Test
  void nothingHalfWrittenIsLeftWhenTheStoreDiesDuringAPrefill() {
    Map<String, Object> request = prompt(8);
    Thread killer = Thread.ofVirtual().start(() -> http.post("/v1/contexts", request));
    FLEET.kill("fragment-service");
    Awaitility.await().atMost(Duration.ofMinutes(2)).until(() -> !killer.isAlive());
    FLEET.restart("fragment-service");

    ContextResponse after = expectAnswer(request);
    assertThat(after.coverage().missingTokens()).isZero();
    expectReuse(request);
  }

  /** Waits until what is computed meanwhile is stored, and all of it is reused. */
  private void expectReuse(Map<String, Object> request) {
    Awaitility.await()
        .atMost(RECOVERY)
        .until(() -> expectAnswer(request).coverage().reusedTokens() == 512);
  }

  /** Waits until the fleet answers, as a client that retries would. */
  private ContextResponse expectAnswer(Map<String, Object> request) {
    return Awaitility.await()
        .atMost(RECOVERY)
        .pollInterval(Duration.ofMillis(250))
        .until(
            () -> http.post("/v1/contexts", request),
            answer -> {
              if (answer.status() != 200) {
                assertThat(answer.problem(answer.status()).retriable()).isTrue();
              }
              return answer.status() == 200;
            })
        .as(ContextResponse.class);
  }

  private static Map<String, Object> prompt(int seed) {
    Tokens tokens = Seeds.tokens(new Random(seed), 520, TestFleet.VOCABULARY);
    return Map.of("tokens", tokens.toLongs());
  }
}
