package io.membrane.fragment;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import io.membrane.block.ContentDigest;
import io.membrane.fixture.RedisProcess;
import io.membrane.fragment.store.FragmentMetric;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** Two replicas over one Redis, in which bytes without a name are left behind. */
class SweepLeaderTest {

  private final RedisProcess redis = RedisProcess.embedded();
  private final RedisClient client = RedisClient.create(redis.url());
  private final RedisCommands<String, String> commands = client.connect().sync();
  private final ConfigurableApplicationContext one = replica();
  private final ConfigurableApplicationContext two = replica();
  private int left;

  private ConfigurableApplicationContext replica() {
    return SpringApplication.run(
        FragmentApplication.class,
        "--server.address=127.0.0.1",
        "--server.port=0",
        "--spring.data.redis.url=" + redis.url(),
        "--spring.main.banner-mode=off",
        "--membrane.fragment.sweep-every=1s",
        "--membrane.fragment.max-bytes=1MB",
        "--membrane.fragment.max-in-flight=8MB",
        "--membrane.fragment.memory=0B",
        "--membrane.fragment.membrain.port=-1");
  }

  @AfterEach
  void stop() {
    one.close();
    two.close();
    client.shutdown();
    redis.close();
  }

  @Test
  void theOneThatLeadsSweepsAloneAndTheOtherOnceItIsGone() {
    soon().until(() -> leads(one) || leads(two));
    boolean isOne = leads(one);
    ConfigurableApplicationContext leader = isOne ? one : two;
    ConfigurableApplicationContext other = isOne ? two : one;

    for (int i = 0; i < 3; i++) {
      double swept = orphans(leader);
      leaveBehind();
      soon().until(() -> orphans(leader) == swept + 1);
    }
    assertThat(commands.keys("membrane:body:*")).isEmpty();
    assertThat(leads(other)).isFalse();
    assertThat(looks(other)).isZero();

    leader.close();
    leaveBehind();
    soon().until(() -> orphans(other) == 1);
    assertThat(commands.keys("membrane:body:*")).isEmpty();
    assertThat(leads(other)).isTrue();
  }

  /** What a replica leaves that died in the middle of a put, longer ago than any put takes. */
  private void leaveBehind() {
    byte[] bytes = {(byte) left++};
    long longAgo = System.currentTimeMillis() - Duration.ofDays(1).toMillis();
    commands.set(
        "membrane:body:%s.%d.%016x".formatted(ContentDigest.of(bytes), longAgo, left),
        new String(bytes, UTF_8));
  }

  private static boolean leads(ConfigurableApplicationContext replica) {
    return meters(replica)
            .get("membrane.leadership.leads")
            .tag("lease", "fragment-sweep")
            .gauge()
            .value()
        == 1;
  }

  private static double orphans(ConfigurableApplicationContext replica) {
    return meters(replica).get(FragmentMetric.ORPHANS.meter()).counter().count();
  }

  /** Commands of sweeps that it has sent to Redis. */
  private static long looks(ConfigurableApplicationContext replica) {
    return meters(replica).find(FragmentMetric.REDIS.meter()).tag("call", "sweep").timers().stream()
        .mapToLong(Timer::count)
        .sum();
  }

  private static MeterRegistry meters(ConfigurableApplicationContext replica) {
    return replica.getBean(MeterRegistry.class);
  }

  private static ConditionFactory soon() {
    return Awaitility.await().atMost(Duration.ofSeconds(60));
  }
}
