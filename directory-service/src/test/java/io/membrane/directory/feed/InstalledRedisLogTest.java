package io.membrane.directory.feed;

import io.membrane.fixture.RedisProcess;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;

class InstalledRedisLogTest extends EventLogContract {

  private static final Optional<RedisProcess> REDIS = RedisProcess.installed();

  @AfterAll
  static void stop() {
    REDIS.ifPresent(RedisProcess::close);
  }

  @Override
  String[] properties() {
    Assumptions.assumeTrue(REDIS.isPresent(), "this machine has no redis-server on its PATH");
    return REDIS.orElseThrow().properties();
  }
}
