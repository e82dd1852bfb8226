package io.membrane.directory.feed;

import com.redis.testcontainers.RedisContainer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.testcontainers.DockerClientFactory;

class ContainerRedisLogTest extends EventLogContract {

  private static final RedisContainer REDIS = new RedisContainer("redis:7.4");

  @AfterAll
  static void stop() {
    REDIS.stop();
  }

  @Override
  String[] properties() {
    Assumptions.assumeTrue(
        DockerClientFactory.instance().isDockerAvailable(), "this machine has no Docker");
    REDIS.start();
    return new String[] {"spring.data.redis.url=" + REDIS.getRedisURI()};
  }
}
