package io.membrane.directory.feed;

import io.membrane.fixture.RedisProcess;
import org.junit.jupiter.api.AfterAll;

class EmbeddedRedisLogTest extends EventLogContract {

  private static final RedisProcess REDIS = RedisProcess.embedded();

  @AfterAll
  static void stop() {
    REDIS.close();
  }

  @Override
  String[] properties() {
    return REDIS.properties();
  }
}
