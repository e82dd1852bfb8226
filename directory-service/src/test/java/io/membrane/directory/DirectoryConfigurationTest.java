package io.membrane.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.tenancy.Sharing;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.util.unit.DataSize;

@ExtendWith(OutputCaptureExtension.class)
class DirectoryConfigurationTest {

  @EnableConfigurationProperties({DirectoryProperties.class, LearningProperties.class})
  static class Bound {}

  private final ApplicationContextRunner bound =
      new ApplicationContextRunner().withUserConfiguration(Bound.class);

  @Test
  void theDefaultsNameABlockSizeAndLimitsAndNoSecret() {
    bound.run(context ->
        assertThat(context.getBean(DirectoryProperties.class))
            .isEqualTo(
                new DirectoryProperties(
                    2_000_000,
                    500_000,
                    DataSize.ofMegabytes(256),
                    new DirectoryProperties.Defaults(null, null, null, 256),
                    Sharing.ISOLATED,
                    Map.of())));
  }

  @Test
  void whatIsLearntIsBoundedUnlessToldOtherwise() {
    bound.run(context ->
        assertThat(context.getBean(LearningProperties.class))
            .isEqualTo(
                new LearningProperties(
                    200_000, Duration.ofMinutes(30), 100_000, 100_000, DataSize.ofMegabytes(32))));
    bound
        .withPropertyValues(
            "membrane.directory.max-edges=101",
            "membrane.directory.uses-half-life=5m",
            "membrane.directory.max-chunks=102",
            "membrane.directory.max-vectors=103",
            "membrane.directory.max-vector-bytes=1MB")
        .run(context ->
            assertThat(context.getBean(LearningProperties.class).checked())
                .isEqualTo(
                    new LearningProperties(
                        101, Duration.ofMinutes(5), 102, 103, DataSize.ofMegabytes(1))));
  }

  @Test
  void everyPropertyIsReadAndTheSecretIsNotShown() {
    bound
        .withPropertyValues(
            "membrane.directory.max-blocks=5",
            "membrane.directory.max-engine-blocks=7",
            "membrane.directory.max-log-bytes=6MB",
            "membrane.directory.sharing=public",
            "membrane.directory.defaults.model=m",
            "membrane.directory.defaults.revision=r",
            "membrane.directory.defaults.kv-dtype=bf16",
            "membrane.directory.defaults.block-tokens=16",
            "membrane.directory.sharing-salts.acme=hush")
        .run(context -> {
          DirectoryProperties properties = context.getBean(DirectoryProperties.class);
          assertThat(properties)
              .isEqualTo(
                  new DirectoryProperties(
                      5,
                      7,
                      DataSize.ofMegabytes(6),
                      new DirectoryProperties.Defaults("m", "r", "bf16", 16),
                      Sharing.PUBLIC,
                      Map.of("acme", "hush")));
          assertThat(properties.toString()).contains("acme").doesNotContain("hush");
        });
  }

  @ParameterizedTest
  @CsvSource({
    "membrane.directory.max-blocks=0, Write a number from 1 to",
    "membrane.directory.max-engine-blocks=0, Write a number from 1",
    "membrane.directory.max-log-bytes=1KB, Write at least 1MB",
    "membrane.directory.max-edges=99, Write at least 100",
    "membrane.directory.max-chunks=0, Write at least 1",
    "membrane.directory.max-vectors=0, Write at least 1",
    "membrane.directory.max-vector-bytes=1KB, Write at least 1048576",
    "membrane.directory.uses-half-life=1ms, Write at least 1000",
    "membrane.directory.sharing=group, Write isolated or public",
    "membrane.directory.snapshot-every=10ms, Write at least 1s",
    "membrane.directory.snapshot-dir=/dev/null/snapshots, Write into membrane.directory.snapshot-dir",
    "membrane.directory.sharing-salts.acme=, Write the sharing domain's secret",
    "membrane.directory.defaults.block-tokens=0, block_tokens must be 1 to 65536",
    "membrane.directory.defaults.kv-dtype=0123456789012345678901234567890123, kv_dtype is longer",
  })
  void aWrongValueStopsTheStartAndSaysWhatToWrite(
      String property, String said, CapturedOutput output) {
    assertThatThrownBy(() -> new Service(1, property)).isInstanceOf(Exception.class);
    assertThat(output)
        .contains("APPLICATION FAILED TO START")
        .contains("membrane.directory.")
        .contains(said)
        .doesNotContain("\tat ");
  }
}
