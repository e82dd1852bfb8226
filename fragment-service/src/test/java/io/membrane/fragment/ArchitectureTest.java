package io.membrane.fragment;

import io.membrane.fixture.ArchitectureRules;
import org.junit.jupiter.api.Test;

class ArchitectureTest {

  @Test
  void theServiceKeepsTheRulesOfTheHouse() {
    ArchitectureRules.check(
        "io.membrane.fragment", "eviction", "homes", "inventory", "membrain", "offheap");
  }
}
