package io.membrane.boot;

import io.lettuce.core.ClientOptions.DisconnectedBehavior;
import io.lettuce.core.ReadFrom;
import io.lettuce.core.RedisClient;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.resource.Delay;
import io.micrometer.tracing.Tracer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.data.redis.autoconfigure.ClientResourcesBuilderCustomizer;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientConfigurationBuilderCustomizer;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientOptionsBuilderCustomizer;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * How services reach Redis, be it one server, behind sentinels or a cluster, and how they bear that
 * it is gone: calls fail at once, and it comes back by itself, where a failover has put it.
 */
@AutoConfiguration(
    beforeName = "org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration",
    afterName =
        "org.springframework.boot.data.redis.autoconfigure.observation.LettuceObservationAutoConfiguration")
@ConditionalOnClass({RedisClient.class, LettuceClientOptionsBuilderCustomizer.class})
@EnableConfigurationProperties(RedisProperties.class)
public final class RedisAutoConfiguration {

  private static final Duration RECONNECT_FIRST = Duration.ofMillis(50);
  private static final Duration RECONNECT_LATEST = Duration.ofSeconds(1);

  /** A cluster is asked anew where its slots are no more often than this. */
  private static final Duration TOPOLOGY_AT_MOST_EACH = Duration.ofSeconds(1);

  /**
   * A command that finds no connection fails at once instead of waiting out its timeout.
   *
   * @throws StartupProblem if the settings of Redis contradict each other
   */
  @Bean
  LettuceClientOptionsBuilderCustomizer failFast(Environment environment) {
    RedisSettings.check(environment);
    return options -> {
      options.disconnectedBehavior(DisconnectedBehavior.REJECT_COMMANDS);
      if (options instanceof ClusterClientOptions.Builder cluster) {
        cluster.topologyRefreshOptions(adaptive(cluster.build().getTopologyRefreshOptions()));
      }
    };
  }

  /** Boot takes a bundle as it is at the start; a new connection takes it as it is then. */
  @Bean
  LettuceClientOptionsBuilderCustomizer currentCertificates(
      Environment environment, ObjectProvider<SslBundles> bundles) {
    String name = environment.getProperty("spring.data.redis.ssl.bundle", "");
    return options -> {
      if (!name.isBlank()) {
        options.sslOptions(RedisTls.options(bundles.getObject(), name));
      }
    };
  }

  /**
   * Behind sentinels a connection of Lettuce asks them for the primary when it is made; one that
   * reads from a named role also listens to them, and so leaves a primary that hangs.
   */
  @Bean
  LettuceClientConfigurationBuilderCustomizer followSentinels(Environment environment) {
    return client -> {
      if (environment.containsProperty("spring.data.redis.sentinel.master")) {
        client.readFrom(ReadFrom.UPSTREAM);
      }
    };
  }

  /**
   * A password that is exchanged is shown by the next connection.
   *
   * @throws StartupProblem if there is none in the file
   */
  @Bean
  LettuceClientConfigurationBuilderCustomizer passwordFromFile(RedisProperties properties) {
    Path file = properties.passwordFile();
    if (file == null) {
      return client -> {};
    }
    RedisPassword password =
        new RedisPassword(new SecretFile("membrane.redis.password-file", file));
    return client -> client.redisCredentialsProviderFactory(password);
  }

  /** Lettuce's own delay grows to 30 s, which a Redis that is back would have to wait out. */
  @Bean
  ClientResourcesBuilderCustomizer reconnectSoon() {
    return resources ->
        resources.reconnectDelay(
            Delay.exponential(RECONNECT_FIRST, RECONNECT_LATEST, 2, TimeUnit.MILLISECONDS));
  }

  /** Comes after Boot's own, which follows every command. */
  @Bean
  ClientResourcesBuilderCustomizer followSampledTraces(ObjectProvider<Tracer> tracers) {
    return resources ->
        tracers.ifAvailable(tracer -> resources.tracing(new RedisSpans(new RedisBatches(tracer))));
  }

  /** Says at the start what readiness says from then on, and what to do about it. */
  @Bean
  ApplicationListener<ApplicationReadyEvent> redisAtStart(RedisConnectionFactory connections) {
    return new RedisAtStart(connections);
  }

  /**
   * The operator's period and sources, and after every sign of a change: Lettuce would let 5 s pass
   * between two, and the first sign of a failover comes before there is a new primary.
   */
  private static ClusterTopologyRefreshOptions adaptive(ClusterTopologyRefreshOptions asked) {
    return ClusterTopologyRefreshOptions.builder()
        .dynamicRefreshSources(asked.useDynamicRefreshSources())
        .enablePeriodicRefresh(asked.isPeriodicRefreshEnabled())
        .refreshPeriod(asked.getRefreshPeriod())
        .adaptiveRefreshTriggersTimeout(TOPOLOGY_AT_MOST_EACH)
        .refreshTriggersReconnectAttempts(1)
        .build();
  }
}
