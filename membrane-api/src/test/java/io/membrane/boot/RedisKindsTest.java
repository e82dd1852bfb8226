package io.membrane.boot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.membrane.fixture.CertificateAuthority;
import io.membrane.fixture.ConfiguredRedis;
import io.membrane.fixture.GuardedRedis;
import io.membrane.fixture.RedisClusterProcess;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.RedisSentinels;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.connection.RedisConnection;

/**
 * Every kind of Redis by Boot's own settings alone, and what is said of one that does not answer.
 */
class RedisKindsTest {

  @Test
  void anyOneServer() {
    try (RedisProcess redis = RedisProcess.embedded()) {
      keepsWhatIsWritten(redis.properties());
      keepsWhatIsWritten(
          "spring.data.redis.host=127.0.0.1", "spring.data.redis.port=" + redis.port());
      assertThat(diagnosis("spring.data.redis.cluster.nodes=127.0.0.1:" + redis.port()))
          .contains("cluster support disabled")
          .contains("it is no cluster");
      redis.kill();
      assertThat(diagnosis(redis.properties())).contains("refused").contains("start it");
    }
  }

  @Test
  void aCluster() {
    try (RedisClusterProcess cluster = RedisClusterProcess.ofPrimaries()) {
      keepsWhatIsWritten(cluster.properties());
      keepsWhatIsWritten(cluster.propertiesOfUser());
      String node = cluster.properties()[0].replaceAll(".*=|,.*", "");
      assertThat(diagnosis("spring.data.redis.url=redis://" + node))
          .contains("MOVED")
          .contains("it is a cluster");
    }
  }

  @Test
  void oneServerBehindSentinels() {
    try (RedisSentinels sentinels = new RedisSentinels()) {
      keepsWhatIsWritten(sentinels.properties());
      keepsWhatIsWritten(sentinels.propertiesOfUser());
    }
  }

  @Test
  void oneThatSpeaksTlsAndAsksForAPassword() {
    try (GuardedRedis redis = new GuardedRedis()) {
      keepsWhatIsWritten(redis.properties());
      keepsWhatIsWritten(redis.propertiesOfUser());
      assertThat(diagnosis(redis.propertiesWithAnotherPassword()))
          .startsWith("WRONGPASS")
          .contains("spring.data.redis.password");
      assertThat(diagnosis(redis.propertiesWithAnotherCertificate()))
          .startsWith("TLS fails")
          .contains("spring.data.redis.ssl.bundle");
    }
  }

  @Test
  void certificatesMayBeReplacedWhileTheServiceRuns(@TempDir Path folder) {
    Path own = folder.resolve("own");
    List<String> properties =
        new ArrayList<>(new CertificateAuthority("another").issue(own, "a.fleet").properties());
    CertificateAuthority fleet = new CertificateAuthority("fleet");
    try (RedisProcess redis = RedisProcess.overTls(fleet.issue(folder.resolve("redis"), "redis"))) {
      properties.add("spring.data.redis.url=rediss://127.0.0.1:" + redis.port());
      properties.add("spring.data.redis.ssl.bundle=membrane");
      try (ConfiguredRedis service = new ConfiguredRedis(properties.toArray(String[]::new))) {
        assertThatThrownBy(() -> ping(service)).isInstanceOf(DataAccessException.class);
        fleet.issue(own, "a.fleet");
        await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(() -> ping(service));
      }
    }
  }

  private static boolean ping(ConfiguredRedis service) {
    try (RedisConnection connection = service.connections().getConnection()) {
      return "PONG".equals(connection.ping());
    }
  }

  private static void keepsWhatIsWritten(String... properties) {
    try (ConfiguredRedis redis = new ConfiguredRedis(properties);
        RedisConnection connection = redis.connections().getConnection()) {
      IntStream.range(0, 20)
          .forEach(i -> {
            byte[] key = ("membrane:" + i).getBytes(UTF_8);
            connection.stringCommands().set(key, key);
            assertThat(connection.stringCommands().get(key)).isEqualTo(key);
          });
    }
  }

  private static String diagnosis(String... properties) {
    try (ConfiguredRedis redis = new ConfiguredRedis(properties)) {
      Throwable failure =
          catchThrowable(() -> {
            try (RedisConnection connection = redis.connections().getConnection()) {
              for (int i = 0; i < 20; i++) {
                connection.keyCommands().exists(("membrane:" + i).getBytes(UTF_8));
              }
            }
          });
      assertThat(failure).isInstanceOf(DataAccessException.class);
      return RedisAtStart.diagnosis(Objects.requireNonNull(failure));
    }
  }
}
