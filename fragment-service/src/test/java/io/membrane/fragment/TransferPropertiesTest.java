package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.boot.StartupProblem;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.unit.DataSize;

class TransferPropertiesTest {

  private final ApplicationContextRunner runner =
      new ApplicationContextRunner().withUserConfiguration(PropertiesOnly.class);

  @Test
  void nobodyIsPulledFromUnlessThatIsSaid() {
    runner.run(context ->
        assertThat(context.getBean(TransferProperties.class))
            .isEqualTo(new TransferProperties(List.of(), null)));
  }

  @Test
  void everyPropertyIsMapped() {
    runner
        .withPropertyValues(
            "membrane.fragment.peers=http://a:8082,https://b/base",
            "membrane.fragment.transfer-rate=10MB")
        .run(context ->
            assertThat(context.getBean(TransferProperties.class))
                .isEqualTo(
                    new TransferProperties(
                        List.of(URI.create("http://a:8082"), URI.create("https://b/base")),
                        DataSize.ofMegabytes(10))));
  }

  @ParameterizedTest
  @CsvSource({
    "peers,ftp://a,URLs like http://",
    "peers,a:8082,URLs like http://",
    "peers,http:///x,URLs like http://",
    "peers,http://user:secret@a,URLs like http://",
    "peers,http://a?x=1,URLs like http://",
    "transfer-rate,1KB,at least 64KB",
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
  @EnableConfigurationProperties(TransferProperties.class)
  static class PropertiesOnly {}
}
