package io.membrane.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.wire.SchedulerClient.Regime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class SchedulerConfigurationTest {

  @EnableConfigurationProperties(SchedulerProperties.class)
  static class Bound {}

  private final ApplicationContextRunner bound =
      new ApplicationContextRunner().withUserConfiguration(Bound.class);

  @Test
  void theDefaultsAreTheCaseStudysThresholdAndScarceBandwidth() {
    bound.run(context -> {
      SchedulerProperties properties = context.getBean(SchedulerProperties.class);
      assertThat(properties.thresholdTokens()).isEqualTo(19_344);
      assertThat(properties.regime()).isEqualTo(Regime.SCARCE);
    });
  }

  @Test
  void bothPropertiesAreRead() {
    bound
        .withPropertyValues(
            "membrane.scheduler.threshold-tokens=0", "membrane.scheduler.regime=abundant")
        .run(context ->
            assertThat(context.getBean(SchedulerProperties.class))
                .isEqualTo(new SchedulerProperties(0, Regime.ABUNDANT)));
  }

  @Test
  void aNegativeThresholdStopsTheStartAndSaysWhatToWrite(CapturedOutput output) {
    assertThatThrownBy(() -> start("--membrane.scheduler.threshold-tokens=-1"))
        .isInstanceOf(Exception.class);
    assertThat(output)
        .contains("membrane.scheduler.threshold-tokens is -1, a negative length")
        .contains("0 or more, for example 19344")
        .doesNotContain("\tat ");
  }

  @Test
  void anUnknownRegimeStopsTheStartAndNamesTheKnownOnes(CapturedOutput output) {
    assertThatThrownBy(() -> start("--membrane.scheduler.regime=plenty"))
        .isInstanceOf(Exception.class);
    assertThat(output)
        .contains("membrane.scheduler.regime")
        .contains("plenty")
        .contains("ABUNDANT")
        .contains("SCARCE")
        .doesNotContain("\tat ");
  }

  private static void start(String option) {
    SpringApplication.run(
            SchedulerApplication.class, "--server.port=0", "--server.address=127.0.0.1", option)
        .close();
  }
}
