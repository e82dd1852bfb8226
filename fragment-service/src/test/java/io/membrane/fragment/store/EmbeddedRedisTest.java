package io.membrane.fragment.store;

import io.membrane.fixture.RedisProcess;
import org.junit.jupiter.api.AfterAll;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;

/** On the Redis that ships with the project. */
class EmbeddedRedisTest extends FragmentStoreContract {

  private final RedisProcess process = RedisProcess.embedded();

  @Override
  RedisStandaloneConfiguration redis() {
    return new RedisStandaloneConfiguration("127.0.0.1", process.port());
  }

  @AfterAll
  void stop() {
    process.close();
  }
}
