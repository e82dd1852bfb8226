package io.membrane.gateway;

import io.membrane.fixture.ArchitectureRules;
import org.junit.jupiter.api.Test;

class ArchitectureTest {

  @Test
  void theGatewayKeepsTheRulesOfTheHouse() {
    ArchitectureRules.check("io.membrane.gateway");
  }
}
