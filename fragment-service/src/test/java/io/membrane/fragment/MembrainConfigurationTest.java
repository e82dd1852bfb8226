package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.boot.StartupProblem;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

@ExtendWith(OutputCaptureExtension.class)
class MembrainConfigurationTest {

  private final ApplicationContextRunner runner =
      new ApplicationContextRunner().withUserConfiguration(PropertiesOnly.class);

  @Test
  void theDefaultsAreTheDocumentedOnes() {
    runner.run(context ->
        assertThat(context.getBean(MembrainProperties.class))
            .isEqualTo(new MembrainProperties(9201, "", Map.of())));
  }

  @Test
  void everyPropertyIsMapped() {
    runner
        .withPropertyValues(
            "membrane.fragment.membrain.port=7",
            "membrane.fragment.membrain.namespaces.vllm_kv=t1",
            "membrane.fragment.membrain.namespaces[a/_b]=t2")
        .run(context ->
            assertThat(context.getBean(MembrainProperties.class))
                .isEqualTo(new MembrainProperties(7, "", Map.of("vllm_kv", "t1", "a/_b", "t2"))));
  }

  @ParameterizedTest
  @CsvSource({
    "port,-2,'to a port, e.g. 9201, or to -1'",
    "port,65536,'to a port, e.g. 9201, or to -1'",
    "namespaces.n,a/b,'letters, digits'",
  })
  void aWrongValueIsRefusedWithWhatToWriteInstead(String property, String value, String hint) {
    String name = "membrane.fragment.membrain." + property;
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
  void aPortThatIsTakenStopsTheStartWithWhatToWrite(CapturedOutput output) throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThatThrownBy(
              () -> start("--membrane.fragment.membrain.port=" + taken.getLocalPort()).close())
          .isNotNull();
      assertThat(output)
          .contains("APPLICATION FAILED TO START")
          .contains("port " + taken.getLocalPort() + ", for the Membrain protocol")
          .contains("Set membrane.fragment.membrain.port to a port that is free");
      assertThat(output).doesNotContain("\tat io.membrane");
    }
  }

  @Test
  void thePortIsOpenedOnTheAddressOfTheServiceOrNotAtAll() throws IOException {
    try (ConfigurableApplicationContext with = start("--membrane.fragment.membrain.port=0")) {
      int port = with.getBean(MembrainConnector.class).localPort();
      try (ForkClient client = new ForkClient(port)) {
        assertThat(client.get("/memory/n/k").status()).isEqualTo(503);
      }
      try (ServerSocket other = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.2"))) {
        assertThat(other.isBound()).isTrue();
      }
    }
    try (ConfigurableApplicationContext none = start("--membrane.fragment.membrain.port=-1")) {
      assertThat(none.getBean(MembrainConnector.class).localPort()).isEqualTo(-1);
    }
  }

  private static ConfigurableApplicationContext start(String... arguments) {
    return new SpringApplicationBuilder(FragmentApplication.class)
        .properties(
            "server.port=0",
            "server.address=127.0.0.1",
            "membrane.fragment.memory=0B",
            "membrane.fragment.redis-capacity=10MB",
            "spring.data.redis.url=redis://127.0.0.1:1")
        .run(arguments);
  }

  @Configuration(proxyBeanMethods = false)
  @EnableConfigurationProperties(MembrainProperties.class)
  static class PropertiesOnly {}
}
