package io.membrane.directory.engine.wire;

import io.membrane.block.BlockHash;
import io.membrane.block.Slice;
import io.membrane.wire.DirectoryClient.Event;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;

/** What an engine holds by the events that were told of it. */
final class Held {

  /** One fragment in one tier. */
  record Place(BlockHash block, Slice slice, String tier) {}

  final Set<Place> places = new HashSet<>();

  void apply(Event event) {
    switch (event.type()) {
      case STORED -> places.add(place(event));
      case REMOVED -> places.remove(place(event));
      case CLEARED -> places.clear();
    }
  }

  static Place place(Event event) {
    return new Place(
        Objects.requireNonNull(event.blockHash()),
        Objects.requireNonNull(event.slice()),
        Objects.requireNonNull(event.tier()));
  }
}
