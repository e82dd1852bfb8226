package io.membrane.scheduler.jobs;

import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.RedisConnections;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.TestClock;
import io.membrane.scheduler.redis.RedisCalls;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** The jobs of one replica over a connection of its own, with short times. */
final class Replica implements AutoCloseable {

  static final Duration GONE_AFTER = Duration.ofSeconds(2);

  private final Queue<Status> ended = new ConcurrentLinkedQueue<>();
  private final TestClock clock = new TestClock();
  private final FaultProxy proxy;
  private final LettuceConnectionFactory connections;
  private final Jobs jobs;

  Replica(RedisProcess redis) {
    proxy = new FaultProxy(redis.port());
    connections = RedisConnections.to(proxy.port());
    jobs =
        new Jobs(
            new RedisCalls(connections),
            new JobSettings(Duration.ofMillis(25), GONE_AFTER, Duration.ofSeconds(3)),
            clock,
            ended::add);
  }

  Jobs jobs() {
    return jobs;
  }

  TestClock clock() {
    return clock;
  }

  /** How its own jobs ended. */
  List<Status> ended() {
    return List.copyOf(ended);
  }

  String submit(Work work) {
    return jobs.submit(JobsTest.TENANT, work).id();
  }

  JobState state(String id) {
    return jobs.find(JobsTest.TENANT, id).orElseThrow();
  }

  /** From now on it is as good as dead for the others. */
  void cutOffFromRedis() {
    proxy.inject(new FaultProxy.Fault.Refuse());
  }

  @Override
  public void close() {
    jobs.close();
    connections.destroy();
    proxy.close();
  }
}
