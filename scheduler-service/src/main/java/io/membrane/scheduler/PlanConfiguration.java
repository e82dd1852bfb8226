package io.membrane.scheduler;

import io.membrane.scheduler.request.PlanJson;
import org.springframework.boot.jackson.autoconfigure.JsonMapperBuilderCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What planning needs. */
@Configuration(proxyBeanMethods = false)
class PlanConfiguration {

  @Bean
  PlanThreads planThreads() {
    return new PlanThreads();
  }

  @Bean
  JsonMapperBuilderCustomizer planJson() {
    return PlanJson::configure;
  }
}
