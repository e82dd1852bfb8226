package io.membrane.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.boot.StartupProblem;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class FetchSettingsTest {

  private static WorkerProperties bind(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bindOrCreate("membrane.worker", WorkerProperties.class);
  }

  @Test
  void theDefaultsAreThoseOfTheDocuments() {
    WorkerProperties properties = bind(Map.of());
    assertThat(properties.fetchWindow()).hasToString("33554432B");
    assertThat(properties.computeAfter()).hasMillis(250);
    assertThat(properties.hedgeAfter()).isNull();
    assertThat(properties.hedgeShare()).isEqualTo(0.05);
  }

  @ParameterizedTest
  @CsvSource({
    "fetch-window, 0B, holds nothing",
    "compute-after, -1s, less than no time",
    "hedge-after, 0s, hedges everything"
  })
  void whatMakesNoSenseStopsTheStart(String property, String value, String reason) {
    assertThatThrownBy(() -> bind(Map.of("membrane.worker." + property, value)))
        .hasRootCauseInstanceOf(StartupProblem.class)
        .rootCause()
        .hasMessageContaining(property)
        .hasMessageContaining(reason);
  }
}
