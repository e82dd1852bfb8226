package io.membrane.fragment.store;

import io.membrane.fixture.RedisProcess;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;

/** On the machine's own redis-server, where there is one. */
class InstalledRedisTest extends FragmentStoreContract {

  private final Optional<RedisProcess> process = RedisProcess.installed();

  @Override
  String[] properties() {
    Assumptions.assumeTrue(process.isPresent(), "no redis-server is installed on this machine");
    return process.orElseThrow().properties();
  }

  @AfterAll
  void stop() {
    process.ifPresent(RedisProcess::close);
  }
}
