package io.membrane.reconstruction;

import io.membrane.fixture.ArchitectureRules;
import org.junit.jupiter.api.Test;

class ArchitectureTest {

  @Test
  void theHousesRulesHold() {
    ArchitectureRules.check("io.membrane.reconstruction", "plan", "session");
  }
}
