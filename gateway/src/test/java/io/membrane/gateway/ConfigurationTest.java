package io.membrane.gateway;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.boot.StartupProblem;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.builder.SpringApplicationBuilder;

class ConfigurationTest {

  @ParameterizedTest
  @ValueSource(strings = {"localhost:8082", "ftp://host", "http:///path", "fragment"})
  void aUrlThatIsNoneStopsTheStartAndSaysWhatToWrite(String url) {
    SpringApplicationBuilder gateway = new SpringApplicationBuilder(GatewayApplication.class);

    assertThatThrownBy(() ->
            gateway.run(
                "--server.port=0",
                "--spring.main.banner-mode=off",
                "--membrane.client.peers.fragment-service=" + url))
        .rootCause()
        .asInstanceOf(InstanceOfAssertFactories.type(StartupProblem.class))
        .extracting(StartupProblem::action)
        .isEqualTo("set membrane.client.peers.fragment-service=http://<host>:<port>");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0s", "-5s"})
  void aPatienceWithStreamsThatIsNoneStopsTheStartAndSaysWhatToWrite(String time) {
    SpringApplicationBuilder gateway = new SpringApplicationBuilder(GatewayApplication.class);

    assertThatThrownBy(() ->
            gateway.run(
                "--server.port=0",
                "--spring.main.banner-mode=off",
                "--membrane.gateway.max-silence=" + time))
        .rootCause()
        .asInstanceOf(InstanceOfAssertFactories.type(StartupProblem.class))
        .extracting(StartupProblem::action)
        .asString()
        .contains("60s");
  }
}
