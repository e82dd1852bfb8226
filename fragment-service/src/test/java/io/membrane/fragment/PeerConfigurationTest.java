package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.boot.StartupProblem;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;

class PeerConfigurationTest {

  private final ApplicationContextRunner runner =
      new ApplicationContextRunner().withUserConfiguration(PropertiesOnly.class);

  @Test
  void theDefaultsAreTheDocumentedOnes() {
    runner.run(context ->
        assertThat(context.getBean(PeerProperties.class))
            .isEqualTo(new PeerProperties(null, null, 1, Duration.ofSeconds(3))));
  }

  @Test
  void everyPropertyIsMapped() {
    runner
        .withPropertyValues(
            "membrane.fragment.instance=fragment-0",
            "membrane.fragment.url=https://[::1]:8082/store",
            "membrane.fragment.replicas=2",
            "membrane.fragment.lease=10m")
        .run(context ->
            assertThat(context.getBean(PeerProperties.class))
                .isEqualTo(
                    new PeerProperties(
                        "fragment-0", "https://[::1]:8082/store", 2, Duration.ofMinutes(10))));
  }

  @ParameterizedTest
  @CsvSource({
    "instance,a b,'1 to 128 letters'",
    "instance,-a,'1 to 128 letters'",
    "url,host:8082,'the URL that other nodes reach'",
    "url,ftp://host,'the URL that other nodes reach'",
    "replicas,0,1 to 64",
    "replicas,65,1 to 64",
    "lease,999ms,1s to 10m",
    "lease,11m,1s to 10m",
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

  @Configuration(proxyBeanMethods = false)
  @EnableConfigurationProperties(PeerProperties.class)
  static class PropertiesOnly {}
}
