package io.membrane.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.rpc.ClientProperties;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.ConfigDataApplicationContextInitializer;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

class EnvironmentTest {

  @Test
  void anEnvironmentVariableOverridesTheFileAlthoughItCannotSpellTheDash() {
    new ApplicationContextRunner()
        .withInitializer(new ConfigDataApplicationContextInitializer())
        .withInitializer(context ->
            context
                .getEnvironment()
                .getPropertySources()
                .addAfter(
                    StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME,
                    new SystemEnvironmentPropertySource(
                        "test-systemEnvironment",
                        Map.of("MEMBRANE_CLIENT_PEERS_DIRECTORYSERVICE", "http://there:1"))))
        .withUserConfiguration(Peers.class)
        .run(context ->
            assertThat(context.getBean(ClientProperties.class).peers())
                .containsEntry("directory-service", List.of(URI.create("http://there:1")))
                .containsEntry("fragment-service", List.of(URI.create("http://127.0.0.1:8082")))
                .hasSize(5));
  }

  @Configuration(proxyBeanMethods = false)
  @EnableConfigurationProperties(ClientProperties.class)
  static class Peers {}
}
