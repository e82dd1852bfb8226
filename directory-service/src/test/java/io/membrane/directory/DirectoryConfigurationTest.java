package io.membrane.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.tenancy.Sharing;
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

  @EnableConfigurationProperties(DirectoryProperties.class)
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
                    DataSize.ofMegabytes(256),
                    new DirectoryProperties.Defaults(null, null, null, 256),
                    Sharing.ISOLATED,
                    Map.of())));
  }

  @Test
  void everyPropertyIsReadAndTheSecretIsNotShown() {
    bound
        .withPropertyValues(
            "membrane.directory.max-blocks=5",
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
    "membrane.directory.max-log-bytes=1KB, Write at least 1MB",
    "membrane.directory.sharing=group, Write isolated or public",
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
