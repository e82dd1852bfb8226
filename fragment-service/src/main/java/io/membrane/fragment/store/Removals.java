package io.membrane.fragment.store;

import java.util.function.Supplier;

/** Removes names from Redis, with what hangs on them here. Thread-safe. */
final class Removals {

  private final Bodies bodies;
  private final RedisRoom room;
  private final MemoryTier memory;

  Removals(Bodies bodies, RedisRoom room, MemoryTier memory) {
    this.bodies = bodies;
    this.room = room;
    this.memory = memory;
  }

  /** Carries a removal of a name out, and forgets what memory knows of it. */
  Catalog.Removed remove(Name name, Supplier<Catalog.Removed> removal) {
    try {
      Catalog.Removed removed = removal.get();
      bodies.giveUp(removed.unlink());
      room.observe(removed.storeBytes());
      return removed;
    } finally {
      // Also when it is not known whether it happened: memory is filled again, a lie is not.
      memory.forget(name);
    }
  }
}
