package io.membrane.directory;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.RedisProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

class SnapshotConfigurationTest {

  @EnableConfigurationProperties(SnapshotProperties.class)
  static class Bound {}

  private final ApplicationContextRunner bound =
      new ApplicationContextRunner().withUserConfiguration(Bound.class);

  @TempDir Path folder;

  @Test
  void theDefaultIsAFolderOfTheUsersInTheTemporaryOneAndFiveMinutes() {
    bound.run(context -> {
      SnapshotProperties properties = context.getBean(SnapshotProperties.class);
      assertThat(properties).isEqualTo(new SnapshotProperties(null, false, Duration.ofMinutes(5)));
      assertThat(properties.checked().folder())
          .isDirectory()
          .hasParent(Path.of(System.getProperty("java.io.tmpdir")))
          .hasFileName("membrane-directory-" + System.getProperty("user.name"));
    });
  }

  @Test
  void everyPropertyIsRead() {
    bound
        .withPropertyValues(
            "membrane.directory.snapshot-dir=/some/where",
            "membrane.directory.snapshot-shared=true",
            "membrane.directory.snapshot-every=7s")
        .run(context ->
            assertThat(context.getBean(SnapshotProperties.class))
                .isEqualTo(
                    new SnapshotProperties(Path.of("/some/where"), true, Duration.ofSeconds(7))));
  }

  @Test
  void aServiceMakesItsFolderAndLeavesNothingInItBeforeThereIsALog() throws Exception {
    Path own = folder.resolve("not/there/yet");
    try (RedisProcess redis = RedisProcess.embedded();
        Service service = new Service(redis.port(), "membrane.directory.snapshot-dir=" + own)) {
      service.awaitReady();
      assertThat(own).isDirectory();
      try (var files = Files.list(own)) {
        assertThat(files).isEmpty();
      }
      assertThat(service.get("/actuator/prometheus").body())
          .contains("membrane_directory_snapshot_age_seconds NaN")
          .contains("membrane_directory_snapshot_failures_total 0.0");
    }
  }
}
