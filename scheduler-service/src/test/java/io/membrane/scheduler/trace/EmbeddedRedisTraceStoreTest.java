package io.membrane.scheduler.trace;

import io.membrane.fixture.ConfiguredRedis;
import io.membrane.fixture.RedisProcess;
import org.junit.jupiter.api.AfterAll;

class EmbeddedRedisTraceStoreTest extends TraceStoreContract {

  private static final RedisProcess REDIS = RedisProcess.embedded();
  private static final ConfiguredRedis CONFIGURED = new ConfiguredRedis(REDIS.properties());

  EmbeddedRedisTraceStoreTest() {
    super(CONFIGURED);
  }

  @AfterAll
  static void end() {
    CONFIGURED.close();
    REDIS.close();
  }
}
