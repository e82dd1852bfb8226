package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.membrane.block.ContentDigest;
import io.membrane.block.Tokens;
import io.membrane.cli.fleet.Member;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.Frame;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The drill of {@code docs/operations/backup.md}: everything is lost but one backup of Redis. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class RestoreTest {

  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final int BLOCKS = 6;
  private static final int SIGTERM_EXIT = 143;

  @TempDir Path disk;
  private RedisProcess redis = RedisProcess.embedded();
  private final ServiceProcess directory =
      service(
          Member.DIRECTORY,
          "directory",
          "--membrane.directory.snapshot-dir=target/restore-" + id());
  private final ServiceProcess fragments =
      service(
          Member.FRAGMENT,
          "fragments",
          peer("directory-service", directory),
          "--membrane.fragment.membrain.port=-1");
  private final ServiceProcess worker =
      service(
          Member.COMPUTE,
          "worker",
          peer("directory-service", directory),
          peer("fragment-service", fragments),
          "--membrane.worker.model=" + System.getProperty("membrane.root") + "/models/tiny-llama",
          "--membrane.worker.profile=0s",
          "--membrane.worker.block-tokens=" + TestFleet.BLOCK_TOKENS);
  private final ServiceProcess reconstruction =
      service(
          Member.RECONSTRUCTION,
          "reconstruction",
          peer("directory-service", directory),
          peer("fragment-service", fragments),
          "--membrane.reconstruction.clusters.local.url=" + worker.url(),
          "--membrane.reconstruction.clusters.local.role=pd");

  /** Those that speak to Redis, callers first. */
  private final List<ServiceProcess> stateful = List.of(reconstruction, fragments, directory);

  @BeforeEach
  void start() {
    worker.start();
    stateful.forEach(ServiceProcess::start);
    worker.awaitReady();
    stateful.forEach(ServiceProcess::awaitReady);
  }

  @AfterEach
  void stop() {
    worker.close();
    stateful.forEach(ServiceProcess::close);
    redis.close();
  }

  @Test
  void whatWasStoredBeforeTheBackupIsReusedFromTheRestoredRedis() throws Exception {
    Map<String, Object> before = prompt(1);
    Map<String, Object> after = prompt(2);
    prefill(before);
    List<ContentDigest> bytes = delivered(before);
    Path backup = backUp();
    prefill(after);

    for (ServiceProcess service : stateful) {
      service.terminate();
      assertThat(service.awaitExit(LIMIT)).isIn(0, SIGTERM_EXIT);
    }
    int port = redis.port();
    redis.kill();
    redis = RedisProcess.restored(port, backup);
    stateful.forEach(ServiceProcess::start);
    stateful.forEach(ServiceProcess::awaitReady);

    await()
        .atMost(LIMIT)
        .untilAsserted(() -> assertThat(reused(before)).isEqualTo(BLOCKS * TestFleet.BLOCK_TOKENS));
    assertThat(delivered(before)).isEqualTo(bytes);
    assertThat(reused(after)).as("what was stored after the backup is lost").isZero();
    prefill(after);
    await()
        .atMost(LIMIT)
        .untilAsserted(() -> assertThat(reused(after)).isEqualTo(BLOCKS * TestFleet.BLOCK_TOKENS));
  }

  /** A copy of the dump, once Redis has written all of it. */
  private Path backUp() throws Exception {
    try (RedisClient client = RedisClient.create(redis.url());
        StatefulRedisConnection<String, String> connection = client.connect()) {
      RedisCommands<String, String> commands = connection.sync();
      commands.bgsave();
      await().atMost(LIMIT).until(() -> isSaved(commands.info("persistence")));
      Path folder = Path.of(commands.configGet("dir").get("dir"));
      return Files.copy(folder.resolve("dump.rdb"), disk.resolve("dump.rdb"));
    }
  }

  /** Whether the save that was begun has ended; services write on meanwhile. */
  private static boolean isSaved(String persistence) {
    return persistence.contains("rdb_bgsave_in_progress:0")
        && persistence.contains("rdb_last_bgsave_status:ok");
  }

  private void prefill(Map<String, Object> prompt) {
    Http.Answer answer = new Http(worker.url()).post("/v1/prefill", prompt);
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
  }

  private int reused(Map<String, Object> prompt) {
    Map<String, Object> report = Map.of("tokens", prompt.get("tokens"), "on_miss", "report");
    return new Http(reconstruction.url())
        .post("/v1/contexts", report)
        .as(ContextResponse.class)
        .coverage()
        .reusedTokens();
  }

  private List<ContentDigest> delivered(Map<String, Object> prompt) {
    Map<String, Object> request =
        Map.of("tokens", prompt.get("tokens"), "deliver", "bytes", "on_miss", "report");
    List<Frame> frames = new Http(reconstruction.url()).post("/v1/contexts", request).frames();
    assertThat(frames).hasSize(BLOCKS).allMatch(frame -> frame.status() == 200);
    return frames.stream().map(frame -> ContentDigest.of(frame.body())).toList();
  }

  private static Map<String, Object> prompt(int seed) {
    Tokens tokens =
        Seeds.tokens(new Random(seed), BLOCKS * TestFleet.BLOCK_TOKENS, TestFleet.VOCABULARY);
    return Map.of("tokens", tokens.toLongs());
  }

  private ServiceProcess service(Member member, String name, String... arguments) {
    return new ServiceProcess(member, "restore-" + name, redis.url(), arguments);
  }

  private static String peer(String name, ServiceProcess service) {
    return "--membrane.client.peers." + name + "=" + service.url();
  }

  private static long id() {
    return ProcessHandle.current().pid();
  }
}
