package io.membrane.directory.location;

import java.util.Comparator;

/** A tier of a node: where copies of fragments lie. */
record Place(NodeName node, String tier) implements Comparable<Place> {

  private static final Comparator<Place> ORDER =
      Comparator.comparing(Place::node).thenComparing(Place::tier);

  @Override
  public int compareTo(Place other) {
    return ORDER.compare(this, other);
  }
}
