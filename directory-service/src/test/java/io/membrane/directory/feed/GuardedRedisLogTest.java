package io.membrane.directory.feed;

import io.membrane.fixture.GuardedRedis;
import org.junit.jupiter.api.AfterAll;

class GuardedRedisLogTest extends EventLogContract {

  private static final GuardedRedis REDIS = new GuardedRedis();

  @AfterAll
  static void stop() {
    REDIS.close();
  }

  @Override
  String[] properties() {
    return REDIS.propertiesOfUser();
  }
}
