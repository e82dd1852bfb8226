package io.membrane.directory.location;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where fragments lie: a tier of a node, for one sharing domain. When the node is cleared its
 * places die as a whole and new ones are made for what comes after, so two places may say the same;
 * {@code ==} tells them apart.
 */
public final class Place {

  /** The places of a source that live, by tier, and what they hold. Writer only. */
  static final class Held {
    final Map<String, Place> byTier = new HashMap<>(4);
    long locations;
  }

  private final Source source;
  private final String tier;
  final int id;
  final Held held;

  /** Records' words that name this place. Writer only. */
  int uses;

  /** Those of them that are locations. Writer only. */
  int locations;

  private volatile @Nullable Gone death;

  Place(Source source, String tier, int id, Held held) {
    this.source = source;
    this.tier = tier;
    this.id = id;
    this.held = held;
  }

  public Source source() {
    return source;
  }

  public String tier() {
    return tier;
  }

  boolean isOf(Source other) {
    return source.equals(other);
  }

  /** Why nothing lies here any more, or null while it does. */
  @Nullable Gone death() {
    return death;
  }

  void die(Gone how) {
    death = how;
  }

  @Override
  public String toString() {
    return source + "/" + tier;
  }
}
