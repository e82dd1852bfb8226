package io.membrane.scheduler;

import io.membrane.fixture.ArchitectureRules;
import org.junit.jupiter.api.Test;

class ArchitectureTest {

  @Test
  void theHouseRulesHoldAndTheAlgorithmsArePlainJava() {
    ArchitectureRules.check(
        "io.membrane.scheduler",
        "throughput",
        "search",
        "planning",
        "routing",
        "control",
        "simulation");
  }
}
