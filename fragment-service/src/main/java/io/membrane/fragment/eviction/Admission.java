package io.membrane.fragment.eviction;

import java.util.List;

/**
 * What became of an offer.
 *
 * @param admitted whether the fragment is now counted as held; if not, nothing changed for the
 *     others
 * @param victims what is no longer counted and has to go, the first to go first; empty if declined
 */
public record Admission<K>(boolean admitted, List<K> victims) {

  public Admission {
    victims = List.copyOf(victims);
    if (!admitted && !victims.isEmpty()) {
      throw new IllegalArgumentException("what is declined drives nothing out");
    }
  }

  static <K> Admission<K> declined() {
    return new Admission<>(false, List.of());
  }

  static <K> Admission<K> admitted(List<K> victims) {
    return new Admission<>(true, victims);
  }
}
