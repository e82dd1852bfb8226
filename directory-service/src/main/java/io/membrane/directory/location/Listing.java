package io.membrane.directory.location;

import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.LogEntry;
import java.time.Clock;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;

/**
 * What shared stores hold, told anew beside what the image knows of them. What is told gets places
 * of its own; the events of the log that came meanwhile are {@linkplain #follow followed} there
 * too, and then these places take the place of the old ones, at once. Until then an event changes
 * what is known as if there were no listing, so one that is dropped leaves no trace but blocks that
 * had to go for want of room.
 *
 * <p>For the image's writer. Once it is over, nothing that is told changes anything.
 */
public final class Listing {

  private final Changes changes;
  private final Clock clock;
  private final Set<Store> stores = new HashSet<>();
  private boolean isOver;

  private record Store(String cluster, String node) {

    private static Store of(Source source) {
      return new Store(source.cluster(), source.node());
    }
  }

  Listing(Changes changes, Clock clock) {
    this.changes = changes;
    this.clock = clock;
  }

  /** A store's fragments are told from now on: all of them until {@link #complete}. */
  public void begin(String cluster, String node) {
    stores.add(new Store(cluster, node));
  }

  /**
   * A fragment is stored.
   *
   * @param entry as the log would tell of it, without a number
   * @throws IllegalArgumentException if it says nothing that can be understood; nothing has changed
   *     then
   * @throws IllegalStateException if a limit of the image refuses it
   */
  public void take(LogEntry entry) {
    EventRules.check(entry);
    Source source = new Source(entry.cluster(), entry.node(), entry.domain());
    if (!isOver && stores.contains(Store.of(source))) {
      store(source, entry.event());
    }
  }

  /** As {@link #take}, of any entry of the log; those of sources that number theirs do nothing. */
  public void follow(LogEntry entry) {
    EventRules.check(entry);
    Source source = new Source(entry.cluster(), entry.node(), entry.domain());
    if (isOver || entry.epoch() != null || !stores.contains(Store.of(source))) {
      return;
    }
    switch (entry.event().type()) {
      case STORED -> store(source, entry.event());
      case REMOVED -> remove(source, entry.event());
      case CLEARED -> changes.table.places.endListed(source, cleared());
    }
  }

  private void store(Source source, Event event) {
    int now = now();
    Place place = changes.listedPlace(source, Objects.requireNonNull(event.tier()), now);
    new EventIngest(changes, event, now).store(place, true);
  }

  private void remove(Source source, Event event) {
    new EventIngest(changes, event, now())
        .remove(place -> place.isOf(source) && changes.table.places.isListed(place));
  }

  /** All was told: what was known of these stores before ends, at once. */
  public void complete() {
    if (!isOver) {
      changes.table.places.completeListed(
          source -> source.region() == null && stores.contains(Store.of(source)), cleared());
      isOver = true;
    }
  }

  /** Gives up: what was told so far ends. Does nothing if all was told. */
  public void drop() {
    if (!isOver) {
      changes.table.places.endListed(cleared());
      isOver = true;
    }
  }

  private Gone cleared() {
    return new Gone(Gone.Why.CLEARED, Location.unixMs(now()), null);
  }

  private int now() {
    return Location.seconds(clock.millis());
  }
}
