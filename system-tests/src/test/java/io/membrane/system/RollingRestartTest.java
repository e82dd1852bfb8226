package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.membrane.cli.fleet.Member;
import io.membrane.fixture.RedisProcess;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two of each service, every one of which is restarted (SIGTERM) while requests come. */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class RollingRestartTest {

  private static final int SENDERS = 2;
  private static final Duration GRACE = Duration.ofMinutes(2);
  private static final int SIGTERM_EXIT = 143;

  private final RedisProcess redis = RedisProcess.embedded();
  private final List<ServiceProcess> directories = pair(Member.DIRECTORY);
  private final ReadyEndpoints directory = endpoints(directories);
  private final List<ServiceProcess> fragments =
      pair(
          Member.FRAGMENT,
          peer("directory-service", directory),
          "--membrane.fragment.memory=32MB",
          "--membrane.fragment.membrain.port=-1");
  private final ReadyEndpoints fragment = endpoints(fragments);
  private final List<ServiceProcess> schedulers = pair(Member.SCHEDULER);
  private final ReadyEndpoints scheduler = endpoints(schedulers);
  private final List<ServiceProcess> workers =
      pair(
          Member.COMPUTE,
          peer("directory-service", directory),
          peer("fragment-service", fragment),
          "--membrane.worker.model=" + System.getProperty("membrane.root") + "/models/tiny-llama",
          "--membrane.worker.profile=0s",
          "--membrane.worker.block-tokens=" + TestFleet.BLOCK_TOKENS);
  private final ReadyEndpoints worker = endpoints(workers);
  private final List<ServiceProcess> reconstructions =
      pair(
          Member.RECONSTRUCTION,
          peer("directory-service", directory),
          peer("fragment-service", fragment),
          peer("scheduler-service", scheduler),
          "--membrane.reconstruction.clusters.local.url=" + worker.url(),
          "--membrane.reconstruction.clusters.local.role=pd");
  private final List<ServiceProcess> gateways =
      pair(
          Member.GATEWAY,
          "--membrane.gateway.security.anonymous=true",
          "--management.server.port=0",
          "--membrane.gateway.refresh=500ms",
          peers("directory-service", directories),
          peers("fragment-service", fragments),
          peers("scheduler-service", schedulers),
          peers("compute-worker", workers),
          peers("reconstruction-service", reconstructions));
  private final List<List<ServiceProcess>> behind =
      List.of(directories, fragments, schedulers, workers, reconstructions);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  @BeforeEach
  void start() {
    for (int turn = 0; turn < 2; turn++) {
      int which = turn;
      List<ServiceProcess> half = behind.stream().map(pair -> pair.get(which)).toList();
      half.forEach(ServiceProcess::start);
      half.forEach(ServiceProcess::awaitReady);
    }
    gateways.forEach(ServiceProcess::start);
    gateways.forEach(RollingRestartTest::awaitGateway);
  }

  @AfterEach
  void stop() {
    threads.shutdownNow();
    Stream.of(directory, fragment, scheduler, worker).forEach(ReadyEndpoints::close);
    Stream.concat(behind.stream(), Stream.of(gateways))
        .flatMap(List::stream)
        .forEach(ServiceProcess::close);
    redis.close();
  }

  /** The first of all services at once, then the second: harder than one by one, and shorter. */
  @Test
  void aRollingRestartOfEveryServiceLosesNoRequest() throws Exception {
    SteadyLoad load = new SteadyLoad(gateways.stream().map(ServiceProcess::url).toList());
    List<Future<Boolean>> senders = new ArrayList<>();
    for (int sender = 0; sender < SENDERS; sender++) {
      int seed = sender;
      senders.add(threads.submit(() -> load.send(seed)));
    }
    try {
      await().atMost(GRACE).until(() -> load.answered() > 20L * SENDERS);
      for (int turn = 0; turn < 2; turn++) {
        int which = turn;
        restart(behind.stream().map(pair -> pair.get(which)).toList());
        long before = load.answered();
        await().atMost(GRACE).until(() -> load.answered() > before + 20L * SENDERS);
      }
      for (ServiceProcess gateway : gateways) {
        end(gateway);
        gateway.start();
        awaitGateway(gateway);
      }
    } finally {
      load.stop();
    }
    for (Future<Boolean> sender : senders) {
      assertThat(sender.get(2, TimeUnit.MINUTES)).isTrue();
    }
    System.out.println("a rolling restart: " + load);
    assertThat(load.lost()).isEmpty();
    assertThat(load.answered()).isPositive();
  }

  private void restart(List<ServiceProcess> services) throws Exception {
    services.forEach(ServiceProcess::terminate);
    for (ServiceProcess service : services) {
      assertThat(service.awaitExit(GRACE)).isIn(0, SIGTERM_EXIT);
    }
    services.forEach(ServiceProcess::start);
    services.forEach(ServiceProcess::awaitReady);
  }

  private static void end(ServiceProcess service) throws Exception {
    service.terminate();
    assertThat(service.awaitExit(GRACE)).isIn(0, SIGTERM_EXIT);
  }

  private static void awaitGateway(ServiceProcess gateway) {
    Http http = new Http(gateway.url());
    await()
        .atMost(GRACE)
        .ignoreException(UncheckedIOException.class)
        .until(() -> http.get("/").status() == 200);
  }

  private List<ServiceProcess> pair(Member member, String... arguments) {
    return Stream.of("1", "2")
        .map(which -> {
          List<String> all = new ArrayList<>(List.of(arguments));
          all.add("--membrane.http.drain=3s");
          if (member == Member.DIRECTORY) {
            all.add(
                "--membrane.directory.snapshot-dir=target/rolling-%s-%d"
                    .formatted(which, ProcessHandle.current().pid()));
          }
          return new ServiceProcess(
              member,
              "rolling-" + member.label() + "-" + which,
              redis.url(),
              all.toArray(String[]::new));
        })
        .toList();
  }

  private static ReadyEndpoints endpoints(List<ServiceProcess> services) {
    return new ReadyEndpoints(services.toArray(ServiceProcess[]::new));
  }

  private static String peer(String name, ReadyEndpoints endpoints) {
    return "--membrane.client.peers." + name + "=" + endpoints.url();
  }

  private static String peers(String name, List<ServiceProcess> services) {
    return services.stream()
        .map(service -> service.url().toString())
        .collect(Collectors.joining(",", "--membrane.client.peers." + name + "=", ""));
  }
}
