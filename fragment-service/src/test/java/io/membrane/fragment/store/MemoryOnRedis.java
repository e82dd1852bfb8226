package io.membrane.fragment.store;

import io.membrane.fixture.RedisProcess;
import org.junit.jupiter.api.AfterAll;

/** A store over a Redis of its own, which the test may pause and end, with 8 MiB of memory. */
abstract class MemoryOnRedis extends StoreOnRedis {

  final RedisProcess process = RedisProcess.embedded();

  @Override
  String[] properties() {
    return process.properties();
  }

  @Override
  long keepBytes() {
    return 8 << 20;
  }

  @AfterAll
  void stop() {
    process.close();
  }
}
