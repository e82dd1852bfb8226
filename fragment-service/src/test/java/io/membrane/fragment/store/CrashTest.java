package io.membrane.fragment.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.ContentDigest;
import io.membrane.fixture.RedisAudit;
import io.membrane.fixture.RedisAudit.Report;
import io.membrane.fixture.RedisConnections;
import io.membrane.fixture.RedisProcess;
import io.membrane.wire.DirectoryClient.EventType;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/**
 * Replicas that put and remove the same contents, two at a time, each killed (SIGKILL) at a random
 * point; then everything in Redis is counted again. {@code -Dmembrane.tries=10} kills ten times as
 * many.
 */
class CrashTest {

  private static final int REPLICAS = 12 * Integer.getInteger("membrane.tries", 1);
  private static final int MOST_ACKNOWLEDGED = 400;
  private static final Duration SWEPT_WITHIN = Duration.ofSeconds(60);

  /** What replicas said: of each name the content it was given, -1 from when it may be gone. */
  private final Map<String, Integer> acknowledged = new HashMap<>();

  @Test
  void killedReplicasLeaveBodiesThatTheSweepRemovesAndNothingElse() throws Exception {
    try (RedisProcess redis = RedisProcess.embedded()) {
      doom(redis.port());

      Report left = RedisAudit.of(redis.port());
      assertThat(left.orphans()).as("kills have hit puts").isNotEmpty();
      assertThat(left.dangling()).isEmpty();
      isSound(left);

      LettuceConnectionFactory connections = RedisConnections.to(redis.port());
      try {
        sweep(DoomedReplica.store(connections, 0, DoomedReplica.PUT_WINDOW), redis.port());
      } finally {
        connections.destroy();
      }
      Report swept = RedisAudit.of(redis.port());
      assertThat(swept.names()).isEqualTo(left.names());
      isSound(swept);
    }
  }

  private static void sweep(FragmentStore store, int redisPort) {
    Awaitility.await()
        .atMost(SWEPT_WITHIN)
        .untilAsserted(() -> {
          assertThat(store.housekeeping().sweep().dangling()).isZero();
          assertThat(RedisAudit.of(redisPort).orphans()).isEmpty();
        });
  }

  private void isSound(Report report) {
    assertThat(report.errors()).isEmpty();
    assertThat(report.damaged()).isEmpty();
    acknowledged.forEach((name, content) -> {
      if (content >= 0) {
        assertThat(report.names())
            .containsEntry(name, ContentDigest.of(DoomedReplica.CONTENTS.get(content)));
      }
    });
    report
        .lastWords()
        .forEach((key, word) ->
            assertThat(word)
                .as(key)
                .isEqualTo(isThere(report, key) ? EventType.STORED : EventType.REMOVED));
    assertThat(report.lastWords()).hasSizeGreaterThanOrEqualTo(report.names().size());
  }

  private static boolean isThere(Report report, String key) {
    return report.names().containsKey("tenant:t0/" + key)
        || report.names().containsKey("tenant:t1/" + key);
  }

  private void doom(int redisPort) throws Exception {
    try (ExecutorService two = Executors.newFixedThreadPool(2)) {
      List<Future<Map<String, Integer>>> replicas = new ArrayList<>();
      for (int i = 0; i < REPLICAS; i++) {
        int seed = i;
        replicas.add(two.submit(() -> killed(redisPort, seed)));
      }
      for (Future<Map<String, Integer>> replica : replicas) {
        acknowledged.putAll(replica.get());
      }
    }
    assertThat(acknowledged.values()).contains(-1).anyMatch(content -> content >= 0);
  }

  /** Lets a replica live until it has said a random number of things; answers all that it said. */
  private static Map<String, Integer> killed(int redisPort, int seed) throws IOException {
    Process replica =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx128m",
                "-cp",
                System.getProperty("java.class.path"),
                "-Dlogging.level.root=off",
                DoomedReplica.class.getName(),
                Integer.toString(redisPort),
                Integer.toString(seed))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    Map<String, Integer> said = new HashMap<>();
    try (BufferedReader lines = replica.inputReader()) {
      int left = new Random(seed).nextInt(MOST_ACKNOWLEDGED);
      String line = lines.readLine();
      assertThat(line).as("a replica ended by itself").isNotNull();
      while (line != null) {
        note(line, said);
        if (left-- == 0) {
          // Unlike the process itself its handle leaves the stream open: the rest is read.
          replica.toHandle().destroyForcibly();
        }
        line = lines.readLine();
      }
    } finally {
      replica.destroyForcibly();
    }
    return said;
  }

  private static void note(String line, Map<String, Integer> said) {
    String[] words = line.split(" ", -1);
    switch (words[0]) {
      case "+" -> {
        if (words.length == 3 && !words[2].isEmpty()) {
          said.put(words[1], Integer.parseInt(words[2]));
        }
      }
      case "-" -> said.put(words[1], -1);
      default -> {} // a line of its log
    }
  }
}
