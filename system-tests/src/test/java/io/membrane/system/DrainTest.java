package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.membrane.block.Tokens;
import io.membrane.cli.fleet.Member;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.system.Http.Answer;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Processes that are told to end (SIGTERM) while prompts come, in a fleet with two workers. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class DrainTest {

  private static final int SENDERS = 3;
  private static final int PROMPTS = 12;
  private static final int LONG = 2000;
  private static final Duration GRACE = Duration.ofMinutes(1);
  private static final int SIGTERM_EXIT = 143;

  private final RedisProcess redis = RedisProcess.embedded();
  private final ServiceProcess directory = service(Member.DIRECTORY, "directory");
  private final ServiceProcess fragments =
      service(
          Member.FRAGMENT,
          "fragments",
          peer("directory-service", directory),
          "--membrane.fragment.membrain.port=-1");
  private final ServiceProcess scheduler = service(Member.SCHEDULER, "scheduler");
  private final ServiceProcess worker = worker("worker-1");
  private final ServiceProcess other = worker("worker-2");
  private final ReadyEndpoints workers = new ReadyEndpoints(worker, other);
  private final ServiceProcess reconstruction =
      service(
          Member.RECONSTRUCTION,
          "reconstruction",
          peer("directory-service", directory),
          peer("fragment-service", fragments),
          peer("scheduler-service", scheduler),
          "--membrane.reconstruction.clusters.local.url=" + workers.url(),
          "--membrane.reconstruction.clusters.local.role=pd");
  private final List<ServiceProcess> all =
      List.of(directory, fragments, scheduler, worker, other, reconstruction);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  @BeforeEach
  void start() {
    all.forEach(ServiceProcess::start);
    all.forEach(ServiceProcess::awaitReady);
  }

  @AfterEach
  void stop() {
    threads.shutdownNow();
    workers.close();
    all.forEach(ServiceProcess::close);
    redis.close();
  }

  @Test
  void processesThatAreToldToEndAnswerWhatTheyHaveTakenIn() throws Exception {
    AtomicInteger answered = new AtomicInteger();
    List<Future<Boolean>> senders = new ArrayList<>();
    for (int sender = 0; sender < SENDERS; sender++) {
      int first = sender * PROMPTS;
      senders.add(threads.submit(() -> sendAll(first, answered)));
    }
    await().atMost(Duration.ofMinutes(2)).until(() -> answered.get() >= SENDERS);

    endsAfterItsAnswers(worker, "/v1/prefill");
    for (Future<Boolean> sender : senders) {
      assertThat(sender.get(4, TimeUnit.MINUTES)).isTrue();
    }
    assertThat(answered).hasValue(SENDERS * PROMPTS);

    endsAfterItsAnswers(reconstruction, "/v1/contexts");
  }

  /** What is under way is answered, or sent elsewhere, and the process ends in time. */
  private void endsAfterItsAnswers(ServiceProcess service, String path) throws Exception {
    List<Future<Answer>> taken = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      int seed = 1000 + i;
      taken.add(threads.submit(() -> new Http(service.url()).post(path, prompt(seed, LONG))));
    }
    Http watched = new Http(service.url());
    await()
        .pollInterval(Duration.ofMillis(20))
        .atMost(GRACE)
        .until(() -> taken.stream().allMatch(Future::isDone) || underWay(watched) >= 3);
    service.terminate();
    int whole = 0;
    for (Future<Answer> answer : taken) {
      whole += isWhole(answer.get(2, TimeUnit.MINUTES)) ? 1 : 0;
    }
    assertThat(whole).isPositive();
    assertThat(service.awaitExit(GRACE)).isIn(0, SIGTERM_EXIT);
  }

  private static double underWay(Http http) {
    return http.get("/actuator/prometheus")
        .text()
        .lines()
        .filter(line -> line.startsWith("membrane_http_watched"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }

  private boolean sendAll(int first, AtomicInteger answered) {
    Http http = new Http(reconstruction.url());
    for (int i = 0; i < PROMPTS; i++) {
      Map<String, Object> prompt = prompt(first + i, 300);
      await()
          .atMost(Duration.ofMinutes(3))
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(200))
          .ignoreException(UncheckedIOException.class)
          .until(() -> isWhole(http.post("/v1/contexts", prompt)));
      answered.incrementAndGet();
    }
    return true;
  }

  /** Whether it is an answer; if not, it must be one that says to try again, and when. */
  private static boolean isWhole(Answer answer) {
    if (answer.status() == 200) {
      return true;
    }
    assertThat(answer.status()).as(answer.text()).isIn(429, 503);
    assertThat(answer.problem(answer.status()).retriable()).isTrue();
    assertThat(answer.header("Retry-After")).isNotEmpty();
    return false;
  }

  private static Map<String, Object> prompt(int seed, int length) {
    Tokens tokens = Seeds.tokens(new Random(seed), length, TestFleet.VOCABULARY);
    return Map.of("tokens", tokens.toLongs());
  }

  private ServiceProcess worker(String name) {
    return service(
        Member.COMPUTE,
        name,
        peer("directory-service", directory),
        peer("fragment-service", fragments),
        "--membrane.worker.model=" + System.getProperty("membrane.root") + "/models/tiny-llama",
        "--membrane.worker.profile=0s",
        "--membrane.worker.block-tokens=" + TestFleet.BLOCK_TOKENS);
  }

  private ServiceProcess service(Member member, String name, String... arguments) {
    return new ServiceProcess(member, "drain-" + name, redis.url(), arguments);
  }

  private static String peer(String name, ServiceProcess service) {
    return "--membrane.client.peers." + name + "=" + service.url();
  }
}
