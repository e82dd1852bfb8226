package io.membrane.scheduler.trace;

import io.membrane.fixture.ConfiguredRedis;
import io.membrane.fixture.RedisClusterProcess;
import org.junit.jupiter.api.AfterAll;

class ClusterRedisTraceStoreTest extends TraceStoreContract {

  private static final RedisClusterProcess REDIS = RedisClusterProcess.ofPrimaries();
  private static final ConfiguredRedis CONFIGURED = new ConfiguredRedis(REDIS.properties());

  ClusterRedisTraceStoreTest() {
    super(CONFIGURED);
  }

  @AfterAll
  static void end() {
    CONFIGURED.close();
    REDIS.close();
  }
}
