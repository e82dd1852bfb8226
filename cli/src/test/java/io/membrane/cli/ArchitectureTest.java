package io.membrane.cli;

import io.membrane.fixture.ArchitectureRules;
import org.junit.jupiter.api.Test;

class ArchitectureTest {

  @Test
  void theCommandLineKeepsTheRulesOfTheHouse() {
    ArchitectureRules.check("io.membrane.cli");
  }
}
