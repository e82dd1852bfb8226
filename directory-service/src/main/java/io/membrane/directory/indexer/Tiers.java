package io.membrane.directory.indexer;

import java.util.Set;

/** Whose tiers are whose. */
final class Tiers {

  static final String GPU = "gpu";
  static final String CPU = "cpu";

  /**
   * Where every replica of the fragment store reads, and caches of hosted APIs; that an engine
   * stands near them says nothing.
   */
  private static final Set<String> NO_ENGINE = Set.of("redis", "memory", "provider");

  private Tiers() {}

  /** Whether an engine has what lies there to itself. */
  static boolean isOfEngine(String tier) {
    return !NO_ENGINE.contains(tier);
  }

  static boolean isGpuOrCpu(String tier) {
    return tier.equals(GPU) || tier.equals(CPU);
  }
}
