package io.membrane.fragment.store;

import io.membrane.fixture.RedisClusterProcess;
import org.junit.jupiter.api.AfterAll;

/** On a Redis Cluster, as a user with no more rights than needed. */
class InventoriesOnClusterTest extends InventoriesContract {

  private final RedisClusterProcess process = RedisClusterProcess.ofPrimaries();

  @Override
  String[] properties() {
    return process.propertiesOfUser();
  }

  @Override
  String[] propertiesOfAdministrator() {
    return process.properties();
  }

  @AfterAll
  void stop() {
    process.close();
  }
}
