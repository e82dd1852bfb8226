package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.Tokens;
import io.membrane.fixture.FaultProxy.Fault.Refuse;
import io.membrane.fixture.FaultProxy.Fault.Silence;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.Problem;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The other services gone, slow, cut short, or talking nonsense. */
class PeerFaultTest extends FleetTest {

  private static final int DEADLINE_MS = 700;
  private static final Duration A_LITTLE = Duration.ofMillis(800);

  private Peer peer(String name) {
    return switch (name) {
      case "directory-service" -> FLEET.directory;
      case "fragment-service" -> FLEET.fragments;
      case "scheduler-service" -> FLEET.scheduler;
      case "compute-worker" -> FLEET.local.peer;
      default -> throw new IllegalArgumentException(name);
    };
  }

  /** A prompt that needs the peer: fragment-service only where everything is stored. */
  private Asked needing(String name, long seed) {
    Tokens prompt = tokens(seed, 96);
    if (name.equals("fragment-service")) {
      store("local", prompt, 6);
    }
    return context(prompt);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"directory-service", "fragment-service", "scheduler-service", "compute-worker"})
  void aPeerThatIsGoneIsNamedAndComesBackWithoutARestart(String name) {
    Asked asked = needing(name, 40);
    peer(name).proxy().inject(new Refuse());

    Problem problem = post(asked.json()).problem(503, "dependency_unavailable");

    assertThat(problem.detail()).contains(name);
    assertThat(problem.retriable()).isTrue();
    peer(name).proxy().heal();
    Awaitility.await().until(() -> post(asked.json()).status() == 200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"directory-service", "fragment-service", "scheduler-service", "compute-worker"})
  void aPeerThatIsSilentCostsTheDeadlineAndALittle(String name) {
    Asked asked = needing(name, 41);
    peer(name).proxy().inject(new Silence());
    long begin = System.nanoTime();

    Problem problem =
        post(asked.with("deadline_ms", DEADLINE_MS).json()).problem(503, "deadline_exceeded");

    assertThat(problem.retriable()).isTrue();
    assertThat(Duration.ofNanos(System.nanoTime() - begin))
        .isLessThan(Duration.ofMillis(DEADLINE_MS).plus(A_LITTLE));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "directory-service | /v1/directory/match  | {\"matches\":[null]}",
        "directory-service | /v1/directory/match  | {\"matches\":[{\"cluster\":\"a\",\"node\":\"b\",\"tier\":\"c\",\"matched_blocks\":7}]}",
        "fragment-service  | /v1/fragments/exists | {\"present\":[true]}",
        "scheduler-service | /v1/routes           | {\"target\":\"nowhere\",\"regime\":\"scarce\",\"expected\":{},\"reason\":\"?\"}",
        "compute-worker    | /v1/prefill          | {\"total_tokens\":96,\"tokens_reused\":96,\"blocks\":[],\"timings_ms\":{}}",
        "compute-worker    | /v1/tokenize         | {\"count\":3}"
      })
  void nonsenseIsAnUnavailableDependency(String name, String path, String contradiction) {
    for (String nonsense : List.of("", "not json", "{}", "[]", contradiction)) {
      healthy();
      Asked asked =
          path.endsWith("tokenize")
              ? new Asked(Map.of("text", "some text to tokenize"))
              : needing(name, 42);
      peer(name).answerInstead(path, nonsense);

      Problem problem = post(asked.json()).problem(503, "dependency_unavailable");

      assertThat(problem.detail()).as(nonsense).contains(name);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "directory-service, /v1/directory/match,  '{\"matches\":['",
    "fragment-service,  /v1/fragments/exists, '{\"present\":['",
    "scheduler-service, /v1/routes,           '{\"target\":\"lo'",
    "compute-worker,    /v1/prefill,          '{\"model\":\"tiny\"'"
  })
  void anAnswerThatIsCutMidBodyIsAnUnavailableDependency(String name, String path, String half) {
    Asked asked = needing(name, 43);
    peer(name).cutMidBody(path, half);

    post(asked.json()).problem(503, "dependency_unavailable");
  }

  @ParameterizedTest
  @CsvSource({
    "directory-service, /v1/directory/match,  '{\"matches\":['",
    "compute-worker,    /v1/prefill,          '{\"model\":\"tiny\"'"
  })
  void anAnswerThatStallsMidBodyCostsTheDeadlineAndALittle(String name, String path, String half) {
    Asked asked = needing(name, 49);
    peer(name).stallMidBody(path, half);
    long begin = System.nanoTime();

    post(asked.with("deadline_ms", DEADLINE_MS).json()).problem(503, "deadline_exceeded");

    assertThat(Duration.ofNanos(System.nanoTime() - begin))
        .isLessThan(Duration.ofMillis(DEADLINE_MS).plus(A_LITTLE));
  }

  @Test
  void aPromptThatTheSchedulerRefusesIsTheCallersToCompute() {
    FLEET.route(r -> {
      throw new MembraneException(ErrorCode.OVERLOADED, "every cluster is busy");
    });

    Problem refused = post(context(tokens(45, 96)).json()).problem(429, "overloaded");

    assertThat(refused.detail()).contains("every cluster is busy");
    assertThat(refused.retriable()).isTrue();
  }

  @Test
  void aWorkersOwnProblemPassesThrough() {
    FLEET.local.refuse(new MembraneException(ErrorCode.STORAGE_FULL, "no room in Redis"));

    assertThat(post(context(tokens(44, 96)).json()).problem(507, "storage_full").detail())
        .isEqualTo("no room in Redis");
  }

  @Test
  void whatAWorkerCannotFetchItComputes() {
    Tokens prompt = tokens(50, 100);
    store("local", prompt, 3);
    FLEET.local.cannotFetch();

    ContextResponse answer = ask(context(prompt));

    assertThat(answer.coverage().prefilledTokens()).isEqualTo(100);
    assertThat(answer.segments().getFirst().tokenSpan().to()).isEqualTo(48);
    assertThat(answer.segments().getFirst().why()).contains("could not be fetched");
  }

  @Test
  void aWorkerThatHashesOtherwiseIsAskedAgainLater() {
    Tokens prompt = tokens(45, 100);
    store("local", prompt, 3);
    FLEET.local.refuse(new MembraneException(ErrorCode.PREFIX_MISMATCH, "not these tokens"));

    Problem problem = post(context(prompt).json()).problem(503, "dependency_unavailable");

    assertThat(problem.detail()).contains("hashes this prompt otherwise");
    FLEET.local.reset();
    FLEET.directory.reset();
    assertThat(ask(context(prompt)).coverage().reusedTokens()).isEqualTo(48);
    assertThat(FLEET.directory.calls("/v1/namespaces/resolve")).hasSize(1);
  }

  @Test
  void withoutASchedulerNothingIsComputedOrStored() {
    FLEET.scheduler.proxy().inject(new Refuse());

    post(context(tokens(46, 96)).json()).problem(503, "dependency_unavailable");

    assertThat(FLEET.local.peer.calls("/v1/prefill")).isEmpty();
    assertThat(keys(tokens(46, 96))).noneMatch(FLEET::has);
  }

  @Test
  void withoutRedisTheContextIsAnsweredAndOnlyItsExplanationIsLost() {
    REDIS.kill();
    try {
      ContextResponse answer = ask(context(tokens(47, 96)));

      assertThat(answer.coverage().prefilledTokens()).isEqualTo(96);
      get("/v1/contexts/" + answer.contextId() + "/explanation")
          .problem(503, "dependency_unavailable");
      assertThat(get("/actuator/health/readiness").status()).isEqualTo(200);
      assertThat(get("/actuator/prometheus").body())
          .contains("membrane_reconstruction_lost_explanations_total");
    } finally {
      REDIS.restart();
    }
    Awaitility.await()
        .until(() ->
            get("/v1/contexts/" + ask(context(tokens(47, 96))).contextId() + "/explanation")
                    .status()
                == 200);
  }

  @Test
  void aRedisThatHangsDelaysAContextByItsTimeoutAtMost() {
    REDIS.pause();
    try {
      long begin = System.nanoTime();
      for (int i = 0; i < 8; i++) {
        ask(context(tokens(48, 96)));
      }
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(3));
    } finally {
      REDIS.resume();
    }
  }
}
