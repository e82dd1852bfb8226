package io.membrane.directory;

import io.membrane.directory.engine.EngineRegistry;
import io.membrane.directory.kubernetes.KubernetesProperties;
import io.membrane.directory.kubernetes.PodEngines;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@ConditionalOnBooleanProperty("membrane.directory.kubernetes.enabled")
@EnableConfigurationProperties(KubernetesProperties.class)
class KubernetesConfiguration {

  @Bean
  PodEngines podEngines(
      KubernetesProperties properties, EngineRegistry registry, Namespaces namespaces) {
    return new PodEngines(properties, registry, namespaces::resolve, namespaces::root);
  }

  /** Looks at pods while the connections of Redis are open. */
  @Bean
  SmartLifecycle podEnginesLifecycle(PodEngines engines) {
    return new DirectoryConfiguration.Running(engines::start, engines::stop, engines::isRunning);
  }
}
