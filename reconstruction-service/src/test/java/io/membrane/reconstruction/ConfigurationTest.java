package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.boot.StartupProblem;
import io.membrane.reconstruction.prefetch.PrefetchSettings.When;
import io.membrane.rpc.ClientProperties;
import io.membrane.rpc.ServiceClients;
import io.membrane.wire.SchedulerClient.Role;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.util.unit.DataSize;
import org.springframework.web.client.RestClient;

/** What can be configured, and what a wrong configuration is told. */
class ConfigurationTest {

  private static final String CLUSTERS = "membrane.reconstruction.clusters.";

  private final ApplicationContextRunner wiring =
      new ApplicationContextRunner()
          .withUserConfiguration(Configured.class)
          .withBean(
              ServiceClients.class,
              () -> new ServiceClients(RestClient.builder(), peers("http://localhost:1")))
          .withBean(ClientProperties.class, () -> peers("http://localhost:1"))
          .withBean(Clock.class, Clock::systemUTC)
          .withBean(
              StringRedisTemplate.class,
              () -> new StringRedisTemplate(new LettuceConnectionFactory()));

  @EnableConfigurationProperties(ReconstructionProperties.class)
  @Import({Wiring.class, SessionWiring.class, ApproximateWiring.class})
  static class Configured {}

  private static ClientProperties peers(String url) {
    return new Binder(
            new MapConfigurationPropertySource(
                Map.of(
                    "membrane.client.peers.directory-service", url,
                    "membrane.client.peers.fragment-service", url,
                    "membrane.client.peers.scheduler-service", url)))
        .bindOrCreate("membrane.client", ClientProperties.class);
  }

  @Test
  void aServiceWithoutClustersDoesNotStart() {
    assertThatThrownBy(() ->
            new SpringApplicationBuilder(ReconstructionApplication.class)
                .web(WebApplicationType.NONE)
                .run("--logging.level.root=off")
                .close())
        .rootCause()
        .isInstanceOf(StartupProblem.class)
        .hasMessageContaining("No cluster")
        .extracting(e -> ((StartupProblem) e).action())
        .asString()
        .contains(CLUSTERS + "<name>.url")
        .contains(".role=pd");
  }

  @ParameterizedTest
  @CsvSource({
    "a.url=http://localhost:1,           clusters.a.role is missing",
    "a.role=pd,                          clusters.a.url is missing",
    "a.role=pd a.url=worker,             clusters.a.url is 'worker'",
    "a.role=pd a.url=ftp://x,            clusters.a.url is 'ftp://x'",
    "a.role=decode a.url=http://x,       a.role"
  })
  void aClusterThatIsNotWholeStopsTheStart(String cluster, String says) {
    String[] properties =
        Stream.of(cluster.split(" ", -1)).map(p -> CLUSTERS + p).toArray(String[]::new);
    wiring
        .withPropertyValues(properties)
        .run(context -> assertThat(context).getFailure().hasStackTraceContaining(says));
  }

  @ParameterizedTest
  @CsvSource({
    "max-fragment=0B,        max-fragment",
    "max-fragment=3GB,       max-fragment",
    "explanation-ttl=0s,     explanation-ttl",
    "max-tokens=0,           maxTokens",
    "max-tokens=1000000,     maxTokens",
    "max-deliveries=0,       maxDeliveries",
    "lease=999ms,            membrane.reconstruction.lease",
    "lease=61s,              membrane.reconstruction.lease",
    "fetch.least-gain=-1ms,  fetch.least-gain",
    "fetch.half-life=0s,     fetch.half-life",
    "fetch.redis-rate=0B,    fetch.redis",
    "fetch.memory-latency=-1ms, fetch.memory",
    "sessions.max-sessions=0,              maxSessions",
    "sessions.max-turns=0,                 maxTurns",
    "sessions.max-blocks=0,                maxBlocks",
    "sessions.idle=0s,                     sessions.idle",
    "prefetch.when=always,                 prefetch.when",
    "prefetch.least-probability=1.5,       leastProbability",
    "prefetch.related=101,                 related",
    "prefetch.bytes-per-second=0B,         bytes-per-second",
    "approximate.least-similarity=1.1,     leastSimilarity",
    "approximate.least-similarity=-0.1,    leastSimilarity",
    "approximate.least-equal=1.5,          leastEqual",
    "approximate.max-blocks=0,             maxBlocks",
    "approximate.max-blocks=513,           maxBlocks",
    "approximate.patience=0s,              approximate.patience"
  })
  void aLimitOutOfItsRangeStopsTheStart(String property, String says) {
    wiring
        .withPropertyValues(
            CLUSTERS + "a.url=http://w:1",
            CLUSTERS + "a.role=pd",
            "membrane.reconstruction." + property)
        .run(context -> assertThat(context).getFailure().hasStackTraceContaining(says));
  }

  @Test
  void theDefaultsAreThoseThatAreDocumented() {
    try (ConfigurableApplicationContext context =
        new SpringApplicationBuilder(ReconstructionApplication.class)
            .web(WebApplicationType.NONE)
            .run(
                "--" + CLUSTERS + "zeta.url=http://w:1",
                "--" + CLUSTERS + "zeta.role=pd",
                "--" + CLUSTERS + "alpha.url=https://w:2",
                "--" + CLUSTERS + "alpha.role=prefill")) {
      ReconstructionProperties properties = context.getBean(ReconstructionProperties.class);

      assertThat(properties.maxTokens()).isEqualTo(131_072);
      assertThat(properties.maxFragment()).isEqualTo(DataSize.ofMegabytes(64));
      assertThat(properties.maxDeliveries()).isEqualTo(4);
      assertThat(properties.explanationTtl()).isEqualTo(Duration.ofMinutes(15));
      assertThat(properties.lease()).isEqualTo(Duration.ofSeconds(5));
      assertThat(properties.fetch())
          .isEqualTo(
              new ReconstructionProperties.FetchProperties(
                  Duration.ofMillis(2),
                  DataSize.ofGigabytes(1),
                  Duration.ofMillis(2),
                  DataSize.ofMegabytes(500),
                  Duration.ofMillis(20),
                  DataSize.ofGigabytes(1),
                  Duration.ofMillis(10),
                  Duration.ofMinutes(2)));
      SessionProperties sessions = context.getBean(SessionProperties.class);
      assertThat(sessions)
          .isEqualTo(new SessionProperties(10_000, 32, 500_000, Duration.ofHours(1)));
      PrefetchProperties prefetch = context.getBean(PrefetchProperties.class);
      assertThat(prefetch)
          .isEqualTo(new PrefetchProperties(When.TURN, 0.6, 0, DataSize.ofGigabytes(1)));
      assertThat(context.getBean(ApproximateProperties.class))
          .isEqualTo(new ApproximateProperties(0.95, 0.5, 16, Duration.ofSeconds(1)));
      assertThat(properties.clusters()).containsOnlyKeys("zeta", "alpha");
      assertThat(Objects.requireNonNull(properties.clusters().get("alpha")).role())
          .isEqualTo(Role.PREFILL);
      assertThat(context.getEnvironment().getProperty("server.port")).isEqualTo("8083");
    }
  }
}
