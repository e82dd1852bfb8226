package io.membrane.fragment.store;

import io.membrane.fixture.RedisProcess;
import org.junit.jupiter.api.AfterAll;

/** On one Redis. */
class InventoriesTest extends InventoriesContract {

  private final RedisProcess process = RedisProcess.embedded();

  @Override
  String[] properties() {
    return process.properties();
  }

  @AfterAll
  void stop() {
    process.close();
  }
}
