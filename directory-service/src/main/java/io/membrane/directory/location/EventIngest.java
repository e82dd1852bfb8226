package io.membrane.directory.location;

import io.membrane.block.Namespace;
import io.membrane.wire.DirectoryClient.Event;
import java.util.Objects;
import java.util.function.Predicate;

/** Takes one event in, which is checked. */
final class EventIngest {

  private final Changes changes;
  private final Event event;
  private final int nowSeconds;
  private final long[] keys = new long[ChangeBatch.KEY_WORDS];

  EventIngest(Changes changes, Event event, int nowSeconds) {
    this.changes = changes;
    this.event = event;
    this.nowSeconds = nowSeconds;
    ChangeBatch.copy(Objects.requireNonNull(event.blockHash()), keys, 0);
    if (event.parentHash() != null) {
      ChangeBatch.copy(event.parentHash(), keys, 4);
    }
  }

  /**
   * A fragment is stored.
   *
   * @param isListed whether it is listed anew, which is no use of it
   */
  void store(Place place, boolean isListed) {
    boolean hasParent = event.parentHash() != null;
    Namespace namespace = Objects.requireNonNull(event.namespace());
    int number = changes.table.namespaces.number(namespace);
    int blockIndex = Objects.requireNonNull(event.tokenSpan()).from() / namespace.blockTokens();
    Form form =
        new Form(
            Objects.requireNonNull(event.slice()), Objects.requireNonNullElse(event.bytes(), 0L));
    long location =
        Changes.location(
            place,
            changes.form(form),
            Objects.requireNonNullElse(event.expiresAtMs(), Long.MAX_VALUE));
    if (isListed) {
      changes.list(keys, 0, hasParent, number, blockIndex, location, nowSeconds);
    } else {
      changes.store(keys, 0, hasParent, number, blockIndex, location, nowSeconds);
    }
  }

  /** Fragments are removed from these places, as far as the event names their slice and tier. */
  void remove(Predicate<Place> isThere) {
    String tier = event.tier();
    changes.remove(
        keys,
        0,
        place -> isThere.test(place) && (tier == null || tier.equals(place.tier())),
        event.slice(),
        nowSeconds);
  }
}
