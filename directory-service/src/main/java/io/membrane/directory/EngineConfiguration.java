package io.membrane.directory;

import io.membrane.directory.engine.EngineCounts;
import io.membrane.directory.engine.EngineRegistry;
import io.membrane.directory.engine.ZmqEngines;
import io.membrane.directory.feed.EventLog;
import io.membrane.directory.feed.LogTail;
import io.membrane.directory.location.Image;
import io.membrane.tenancy.Policies;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.RedisConnectionFactory;

@Configuration(proxyBeanMethods = false)
class EngineConfiguration {

  @Bean
  EngineRegistry engineRegistry(RedisConnectionFactory connections, Policies policies) {
    return new EngineRegistry(connections, policies);
  }

  @Bean
  EngineCounts engineCounts() {
    return new EngineCounts();
  }

  @Bean(destroyMethod = "")
  ZmqEngines zmqEngines(
      EngineRegistry registry,
      EventLog log,
      LogTail tail,
      Image image,
      DirectoryProperties properties,
      EngineCounts counts,
      Clock clock) {
    return new ZmqEngines(registry, log, tail, image, properties.maxEngineBlocks(), counts, clock);
  }

  @Bean
  EngineMetrics engineMetrics(MeterRegistry meters, ZmqEngines engines, EngineCounts counts) {
    return new EngineMetrics(meters, engines, counts);
  }

  /** Follows engines while the connections of Redis are open. */
  @Bean
  SmartLifecycle enginesLifecycle(ZmqEngines engines) {
    return new SmartLifecycle() {
      @Override
      public void start() {
        engines.start();
      }

      @Override
      public void stop() {
        engines.close();
      }

      @Override
      public boolean isRunning() {
        return engines.isRunning();
      }
    };
  }
}
