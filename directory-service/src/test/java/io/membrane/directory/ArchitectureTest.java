package io.membrane.directory;

import io.membrane.fixture.ArchitectureRules;
import org.junit.jupiter.api.Test;

class ArchitectureTest {

  @Test
  void theHouseRulesHoldAndTheImageIsPlainJava() {
    ArchitectureRules.check(
        "io.membrane.directory",
        "coaccess",
        "engine.wire",
        "location",
        "membership",
        "semantic",
        "snapshot");
  }
}
