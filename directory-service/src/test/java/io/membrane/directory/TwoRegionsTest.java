package io.membrane.directory;

import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.RedisProcess;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Directories of two regions; the first finds the second through a link that may fail. */
abstract class TwoRegionsTest {

  final RedisProcess redisOfA = RedisProcess.embedded();
  final RedisProcess redisOfB = RedisProcess.embedded();
  final Service b = RegionDirectories.start(redisOfB, "b");
  final FaultProxy link = new FaultProxy(b.url().getPort());
  Service a = RegionDirectories.start(redisOfA, "a", ofA());

  /** What the first is told besides. */
  String[] ofA() {
    return new String[0];
  }

  @BeforeEach
  void ready() {
    a.awaitReady();
    b.awaitReady();
  }

  /** Starts the first anew. */
  void restartA(String... properties) {
    a.close();
    a = RegionDirectories.start(redisOfA, "a", properties);
    a.awaitReady();
  }

  @AfterEach
  void stop() {
    a.close();
    link.close();
    b.close();
    redisOfA.close();
    redisOfB.close();
  }
}
