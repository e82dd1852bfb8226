package io.membrane.fragment.store;

import io.membrane.fixture.GuardedRedis;
import org.junit.jupiter.api.AfterAll;

/** On a Redis that speaks TLS alone, as a user with no more rights than needed. */
class GuardedRedisTest extends FragmentStoreContract {

  private final GuardedRedis process = new GuardedRedis();

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
