package io.membrane.directory.indexer;

import java.util.Set;

/** Whose tiers are whose. */
final class Tiers {

  static final String GPU = "gpu";
  static final String CPU = "cpu";

  /**
   * Where every replica of the fragment store reads; that an engine stands near them says nothing.
   */
  private static final Set<String> STORE = Set.of("redis", "memory");

  private Tiers() {}

  /** Whether an engine has what lies there to itself. */
  static boolean isOfEngine(String tier) {
    return !STORE.contains(tier);
  }

  static boolean isGpuOrCpu(String tier) {
    return tier.equals(GPU) || tier.equals(CPU);
  }
}
