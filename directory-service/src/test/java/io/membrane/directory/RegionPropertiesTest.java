package io.membrane.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class RegionPropertiesTest {

  private static final String KEY = "what all directories know";

  @EnableConfigurationProperties(RegionProperties.class)
  static class Bound {}

  private final ApplicationContextRunner bound =
      new ApplicationContextRunner().withUserConfiguration(Bound.class);

  @Test
  void thereIsOneRegionWithoutANameUnlessToldOtherwise() {
    bound.run(context ->
        assertThat(context.getBean(RegionProperties.class).checked())
            .isEqualTo(
                new RegionProperties(
                    null, Map.of(), null, Duration.ofSeconds(10), Duration.ofHours(24))));
  }

  @Test
  void everyPropertyIsReadAndTheKeyIsNotShown() {
    bound
        .withPropertyValues(
            "membrane.directory.region=us-east",
            "membrane.directory.peers.eu-west=http://directory.eu-west:8081",
            "membrane.directory.peer-key=" + KEY,
            "membrane.directory.stale-after=3s",
            "membrane.directory.forget-after=5h")
        .run(context -> {
          RegionProperties properties = context.getBean(RegionProperties.class).checked();
          assertThat(properties)
              .isEqualTo(
                  new RegionProperties(
                      "us-east",
                      Map.of("eu-west", URI.create("http://directory.eu-west:8081")),
                      KEY,
                      Duration.ofSeconds(3),
                      Duration.ofHours(5)));
          assertThat(properties.toString()).contains("eu-west").doesNotContain(KEY);
          assertThat(properties.isPeerKey(KEY)).isTrue();
        });
  }

  @ParameterizedTest
  @CsvSource({
    "region=a b, , Write 1 to 64 letters",
    "peers.b=http://b:1, , Write membrane.directory.region",
    "peers.b=http://b:1, region=b, Remove membrane.directory.peers.b",
    "peers.b=http://b:1, region=a, Write membrane.directory.peer-key",
    "peers.b=ftp://b:1, region=a, Write a URL like",
    "peers.b=/b, region=a, Write a URL like",
    "peer-key=short, region=a, Write a secret of at least",
    "stale-after=1s, region=a, Write at least 2s",
    "gossip.port=70000, region=a, Set membrane.directory.gossip.port to 0 to 65535",
    "gossip.port=7946, region=a, Set membrane.directory.gossip.url to the URL at which",
    "gossip.port=7946, gossip.url=http://a:1, Write membrane.directory.region",
    "forget-after=1s, region=a, Write more than membrane.directory.stale-after",
  })
  void aWrongValueStopsTheStartAndSaysWhatToWrite(
      String property, @Nullable String other, String said, CapturedOutput output) {
    String more = other == null ? "max-blocks=1000" : other;
    assertThatThrownBy(
            () -> new Service(1, "membrane.directory." + property, "membrane.directory." + more))
        .isInstanceOf(Exception.class);
    assertThat(output)
        .contains("APPLICATION FAILED TO START")
        .contains(said)
        .doesNotContain("\tat ");
  }
}
