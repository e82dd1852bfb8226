package io.membrane.directory.feed;

import io.membrane.fixture.RedisClusterProcess;
import org.junit.jupiter.api.AfterAll;

class ClusterRedisLogTest extends EventLogContract {

  private static final RedisClusterProcess REDIS = RedisClusterProcess.ofPrimaries();

  @AfterAll
  static void stop() {
    REDIS.close();
  }

  @Override
  String[] properties() {
    return REDIS.propertiesOfUser();
  }
}
