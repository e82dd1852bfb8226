package io.membrane.fragment.store;

import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Makes this replica's memory forget what any replica has removed or replaced, and all of it when
 * Redis has lost its data, a replica of it has taken over, or more has happened than it remembers.
 * Thread-safe.
 */
final class Follower {

  private final Catalog catalog;
  private final MemoryTier memory;
  private final RedisRoom room;
  private @Nullable String life;
  private String last = "";
  private long seen;

  Follower(Catalog catalog, MemoryTier memory, RedisRoom room) {
    this.catalog = catalog;
    this.memory = memory;
    this.room = room;
  }

  /** Learns all that has changed until now. */
  synchronized void catchUp() {
    Catalog.Changes changes = changes(last);
    while (changes.names().size() == Catalog.MOST_CHANGES && knows(changes)) {
      apply(changes);
      changes = changes(last);
    }
    if (knows(changes) && seen + changes.names().size() == changes.ever()) {
      apply(changes);
    } else {
      memory.forgetAll();
      startFrom(changes(""));
      // Once more: what was read from Redis in between may be older than that.
      memory.forgetAll();
    }
    room.observe(changes.storeBytes());
  }

  private Catalog.Changes changes(String after) {
    return catalog.changes(after, UUID.randomUUID().toString());
  }

  private boolean knows(Catalog.Changes changes) {
    return Objects.equals(life, changes.life());
  }

  private void apply(Catalog.Changes changes) {
    changes.names().forEach(memory::forget);
    seen += changes.names().size();
    last = changes.last();
  }

  private void startFrom(Catalog.Changes now) {
    life = now.life();
    last = now.last();
    seen = now.ever();
  }
}
