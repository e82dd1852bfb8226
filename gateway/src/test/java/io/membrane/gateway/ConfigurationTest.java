package io.membrane.gateway;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.boot.StartupProblem;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.builder.SpringApplicationBuilder;

class ConfigurationTest {

  @ParameterizedTest
  @ValueSource(
      strings = {"localhost:8082", "ftp://host", "http:///path", "fragment", "http://a:1,b:2"})
  void aUrlThatIsNoneStopsTheStartAndSaysWhatToWrite(String url) {
    SpringApplicationBuilder gateway = new SpringApplicationBuilder(GatewayApplication.class);

    assertThatThrownBy(() ->
            gateway.run(
                "--server.port=0",
                "--spring.main.banner-mode=off",
                "--membrane.gateway.security.anonymous=true",
                "--management.server.port=0",
                "--membrane.client.peers.fragment-service=" + url))
        .rootCause()
        .asInstanceOf(InstanceOfAssertFactories.type(StartupProblem.class))
        .extracting(StartupProblem::action)
        .isEqualTo("set membrane.client.peers.fragment-service=http://<host>:<port>");
  }

  @ParameterizedTest
  @CsvSource({
    "max-silence=0s,60s",
    "max-silence=-5s,60s",
    "refresh=10ms,1s",
    "refresh=2h,1s",
    "fragment-cluster=a b,local"
  })
  void aValueThatCannotBeMeantStopsTheStartAndSaysWhatToWrite(String setting, String advice) {
    SpringApplicationBuilder gateway = new SpringApplicationBuilder(GatewayApplication.class);

    assertThatThrownBy(() ->
            gateway.run(
                "--server.port=0",
                "--spring.main.banner-mode=off",
                "--membrane.gateway.security.anonymous=true",
                "--management.server.port=0",
                "--membrane.gateway." + setting))
        .rootCause()
        .asInstanceOf(InstanceOfAssertFactories.type(StartupProblem.class))
        .extracting(StartupProblem::action)
        .asString()
        .contains(advice);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "|anonymous=true",
        "membrane.gateway.security.issuer=https://issuer|claim aud",
        "membrane.gateway.security.audience=membrane|anonymous=true",
        "membrane.gateway.security.issuer=http://issuer.example,membrane.gateway.security.audience=m|https://",
        "membrane.gateway.security.bootstrap-key-file=/nowhere|openssl",
        "membrane.gateway.security.anonymous=true,membrane.gateway.security.issuer=https://i|Leave out one",
        "membrane.gateway.security.anonymous=true,membrane.gateway.limits.default.concurrency=5|spring.data.redis.url",
        "membrane.gateway.security.anonymous=true,membrane.gateway.limits.default.max-body=-1B|Write 0",
        "membrane.gateway.security.anonymous=true,membrane.gateway.limits.default.burst=5|Write both",
        "membrane.gateway.security.anonymous=true,server.port=18080,management.server.port=18080|another port",
      })
  void settingsThatLetNobodyInOrContradictEachOtherStopTheStart(
      @Nullable String settings, String advice) {
    SpringApplicationBuilder gateway = new SpringApplicationBuilder(GatewayApplication.class);
    String[] arguments =
        Stream.concat(
                Stream.of(
                        "server.port=0", "management.server.port=0", "spring.main.banner-mode=off")
                    .filter(each -> settings == null || !settings.contains("server.port")),
                settings == null ? Stream.of() : Stream.of(settings.split(",", -1)))
            .map(setting -> "--" + setting)
            .toArray(String[]::new);

    assertThatThrownBy(() -> gateway.run(arguments))
        .rootCause()
        .asInstanceOf(InstanceOfAssertFactories.type(StartupProblem.class))
        .extracting(StartupProblem::action)
        .asString()
        .contains(advice);
  }
}
