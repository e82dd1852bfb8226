package io.membrane.fragment.store;

import io.membrane.fixture.RedisProcess;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;

/** On the machine's own redis-server, where there is one. */
class InstalledRedisTest extends FragmentStoreContract {

  private final Optional<RedisProcess> process = RedisProcess.installed();

  @Override
  RedisStandaloneConfiguration redis() {
    Assumptions.assumeTrue(process.isPresent(), "no redis-server is installed on this machine");
    return new RedisStandaloneConfiguration("127.0.0.1", process.orElseThrow().port());
  }

  @AfterAll
  void stop() {
    process.ifPresent(RedisProcess::close);
  }
}
