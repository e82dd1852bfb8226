package io.membrane.fragment.store;

import com.redis.testcontainers.RedisContainer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.utility.DockerImageName;

/** On Redis in a container, where there is Docker. */
class ContainerRedisTest extends FragmentStoreContract {

  private @Nullable RedisContainer container;

  @Override
  String[] properties() {
    Assumptions.assumeTrue(
        DockerClientFactory.instance().isDockerAvailable(), "no Docker engine on this machine");
    RedisContainer started = new RedisContainer(DockerImageName.parse("redis:7.4-alpine"));
    container = started;
    started.start();
    return new String[] {"spring.data.redis.url=" + started.getRedisURI()};
  }

  @AfterAll
  void stop() {
    if (container != null) {
      container.stop();
    }
  }
}
