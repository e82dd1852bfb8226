package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.boot.StartupProblem;
import io.membrane.fragment.compression.Compression;
import io.membrane.tenancy.Sharing;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.unit.DataSize;

@ExtendWith(OutputCaptureExtension.class)
class ConfigurationTest {

  private final ApplicationContextRunner runner =
      new ApplicationContextRunner().withUserConfiguration(PropertiesOnly.class);

  @Test
  void theDefaultsAreTheDocumentedOnes() {
    runner.run(context ->
        assertThat(context.getBean(FragmentProperties.class))
            .isEqualTo(
                new FragmentProperties(
                    "redis",
                    "local",
                    Duration.ofHours(24),
                    DataSize.ofMegabytes(64),
                    DataSize.ofMegabytes(256),
                    DataSize.ofMegabytes(128),
                    Duration.ofSeconds(2),
                    DataSize.ofBytes(0),
                    null,
                    Compression.NONE,
                    Sharing.ISOLATED,
                    false,
                    500_000,
                    Duration.ofMinutes(10))));
  }

  @Test
  void everyPropertyIsMapped() {
    runner
        .withPropertyValues(
            "membrane.fragment.node=n",
            "membrane.fragment.cluster=c",
            "membrane.fragment.default-ttl=5m",
            "membrane.fragment.max-bytes=1KB",
            "membrane.fragment.memory=3MB",
            "membrane.fragment.max-in-flight=2KB",
            "membrane.fragment.max-wait=3s",
            "membrane.fragment.write-behind=1KB",
            "membrane.fragment.redis-capacity=9MB",
            "membrane.fragment.compression=zstd",
            "membrane.fragment.sharing=public",
            "membrane.fragment.trace-leaks=true",
            "membrane.fragment.log-length=7",
            "membrane.fragment.sweep-every=4s")
        .run(context ->
            assertThat(context.getBean(FragmentProperties.class))
                .isEqualTo(
                    new FragmentProperties(
                        "n",
                        "c",
                        Duration.ofMinutes(5),
                        DataSize.ofKilobytes(1),
                        DataSize.ofMegabytes(3),
                        DataSize.ofKilobytes(2),
                        Duration.ofSeconds(3),
                        DataSize.ofKilobytes(1),
                        DataSize.ofMegabytes(9),
                        Compression.ZSTD,
                        Sharing.PUBLIC,
                        true,
                        7,
                        Duration.ofSeconds(4))));
  }

  @ParameterizedTest
  @CsvSource({
    "node,' ',a name of 1 to 256",
    "cluster,' ',a name of 1 to 256",
    "default-ttl,0s,1s to 3650d",
    "max-bytes,0B,1B to 512MB",
    "max-bytes,1GB,1B to 512MB",
    "max-in-flight,1MB,at least membrane.fragment.max-bytes",
    "max-wait,0s,more than 0",
    "memory,5TB,0B to 4TB",
    "redis-capacity,1KB,at least 1MB",
    "sharing,group,isolated or public",
    "log-length,0,at least 1",
    "sweep-every,999ms,1s to 1d",
    "sweep-every,2d,1s to 1d",
  })
  void aWrongValueIsRefusedWithWhatToWriteInstead(String property, String value, String hint) {
    String name = "membrane.fragment." + property;
    runner
        .withPropertyValues(name + "=" + value)
        .run(context -> {
          assertThat(context).hasFailed();
          assertThat(context.getStartupFailure())
              .rootCause()
              .isInstanceOfSatisfying(
                  StartupProblem.class,
                  problem -> assertThat(problem.action()).contains("Set " + name, hint));
        });
  }

  @Test
  void compressionNeedsRoomForAPayloadAndItsForm() {
    runner
        .withPropertyValues(
            "membrane.fragment.compression=zstd", "membrane.fragment.max-in-flight=127MB")
        .run(context ->
            assertThat(context.getStartupFailure())
                .rootCause()
                .isInstanceOfSatisfying(
                    StartupProblem.class,
                    problem -> assertThat(problem.action()).contains("at least twice")));
  }

  @ParameterizedTest
  @CsvSource({
    "membrane.fragment.max-bytes,1GB,Set membrane.fragment.max-bytes to 1B to 512MB",
    "spring.data.redis.url,mongodb://here,Use the scheme 'redis://'",
    "spring.data.redis.url,redis://a b,Review the value of the property 'spring.data.redis.url'",
  })
  void aWrongValueStopsTheStartWithoutAStackTrace(
      String property, String value, String hint, CapturedOutput output) {
    assertThatThrownBy(() ->
            new SpringApplicationBuilder(FragmentApplication.class)
                .run("--server.port=0", "--" + property + "=" + value))
        .isNotNull();
    assertThat(output).contains("APPLICATION FAILED TO START").contains(hint);
    assertThat(output).doesNotContain("\tat io.membrane");
  }

  @Configuration(proxyBeanMethods = false)
  @EnableConfigurationProperties(FragmentProperties.class)
  static class PropertiesOnly {}
}
