package io.membrane.leadership;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fixture.MockKubernetes;
import io.membrane.fixture.RedisProcess;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Clock;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Replicas as a service has them, by Redis without a cluster and by a Lease within one. */
class ElectionsTest {

  @TempDir Path folder;

  private final RedisProcess redis = RedisProcess.embedded();
  private final MockKubernetes cluster = new MockKubernetes();
  private final FaultProxy proxy = new FaultProxy(cluster.port());

  @AfterEach
  void stop() {
    proxy.close();
    cluster.close();
    redis.close();
  }

  @Configuration(proxyBeanMethods = false)
  static class Service {
    @Bean
    Clock clock() {
      return Clock.systemUTC();
    }

    @Bean
    MeterRegistry meters() {
      return new SimpleMeterRegistry();
    }

    @Bean
    Leadership task(Elections elections) {
      return elections.candidateFor("task");
    }
  }

  private ApplicationContextRunner replica(String... properties) {
    return new ApplicationContextRunner()
        .withConfiguration(
            AutoConfigurations.of(
                DataRedisAutoConfiguration.class, LeadershipAutoConfiguration.class))
        .withUserConfiguration(Service.class)
        .withPropertyValues("spring.data.redis.url=" + redis.url(), "membrane.leadership.lease=3s")
        .withPropertyValues(properties);
  }

  private String[] inCluster() {
    return new String[] {
      "membrane.leadership.by=kubernetes",
      "membrane.leadership.namespace=membrane",
      "membrane.leadership.name=fleet",
      "membrane.leadership.kubeconfig=" + MockKubernetes.kubeconfig(folder, proxy.port())
    };
  }

  private void oneLeadsAndTheOtherFollowsIt(String... properties) {
    replica(properties)
        .run(other -> {
          Leadership second = other.getBean(Leadership.class);
          Awaitility.await().until(second::leads);
          replica(properties)
              .run(one -> {
                Leadership third = one.getBean(Leadership.class);
                assertThat(third.leads()).isFalse();
                other.getBean(Elections.class).stop();
                assertThat(second.leads()).isFalse();
                Awaitility.await().until(third::leads);
                MeterRegistry meters = one.getBean(MeterRegistry.class);
                assertThat(
                        meters
                            .get("membrane.leadership.leads")
                            .tag("lease", "task")
                            .gauge()
                            .value())
                    .isEqualTo(1);
              });
        });
  }

  @Test
  void withoutAClusterTheLeaseIsInRedis() {
    oneLeadsAndTheOtherFollowsIt();
    assertThat(cluster.asked()).isEmpty();
  }

  @Test
  void inAClusterTheLeaseIsALeaseAndRedisIsNotAsked() {
    redis.kill();
    oneLeadsAndTheOtherFollowsIt(inCluster());
    assertThat(cluster.lease("membrane", "fleet-task")).isNotNull();
  }

  @Test
  void whileTheApiIsAwayNobodyLeadsForLong() {
    replica(inCluster())
        .run(one -> {
          Leadership leadership = one.getBean(Leadership.class);
          Awaitility.await().until(leadership::leads);
          proxy.inject(new Fault.Silence());
          Awaitility.await().until(() -> !leadership.leads());
          proxy.heal();
          Awaitility.await().until(leadership::leads);
        });
  }

  @Test
  void whatCannotBeMeantStopsTheStart() {
    replica("membrane.leadership.by=kubernetes")
        .run(context ->
            assertThat(context)
                .getFailure()
                .hasStackTraceContaining("membrane.leadership.namespace is null"));
    replica("membrane.leadership.lease=1s")
        .run(context ->
            assertThat(context)
                .getFailure()
                .hasStackTraceContaining("membrane.leadership.lease is PT1S"));
    replica("membrane.leadership.by=kubernetes", "membrane.leadership.namespace=membrane")
        .run(context ->
            assertThat(context)
                .getFailure()
                .hasStackTraceContaining("no service account of a Kubernetes pod"));
  }
}
