package io.membrane.directory.location;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The places by the ids that records hold. One thread writes; {@link #get} and the counts are for
 * any.
 *
 * <p>A source is cleared at once, however much it holds: its places die, and readers pass over dead
 * ones. An id is given again only when no record names it any more; a reader that looked its place
 * up before it found the record's stamp unchanged therefore has the right one.
 */
final class Places {

  /** What a word names that names no place. */
  static final int NONE = 0;

  private final Map<Source, Place.Held> bySource = new HashMap<>();
  private final Map<String, List<Place.Held>> aside = new HashMap<>();

  /** Places of what is listed anew, beside those of the same sources. */
  private final Map<Source, Place.Held> listed = new HashMap<>();

  private final ArrayDeque<Integer> free = new ArrayDeque<>();
  private final AtomicLong live = new AtomicLong();
  private final AtomicLong holding = new AtomicLong();
  private volatile AtomicReferenceArray<Place> byId = new AtomicReferenceArray<>(64);
  private int next = NONE + 1;

  /** The place that a record's word names. */
  Place get(int id) {
    return byId.getAcquire(id);
  }

  /** As {@link #get}, for a word that may mean nothing: then anything or null. */
  @Nullable Place tryGet(int id) {
    AtomicReferenceArray<Place> all = byId;
    return id < all.length() ? all.getAcquire(id) : null;
  }

  /** The living place of a source and tier, or null. */
  @Nullable Place find(Source source, String tier) {
    return find(bySource, source, tier);
  }

  private static @Nullable Place find(Map<Source, Place.Held> among, Source source, String tier) {
    Place.Held held = among.get(source);
    return held == null ? null : held.byTier.get(tier);
  }

  /** The living place of a source and tier, or null if it is a new one and all ids are taken. */
  @Nullable Place findOrAdd(Source source, String tier) {
    return findOrAdd(bySource, source, tier);
  }

  /** As {@link #findOrAdd(Source, String)}, of what is listed anew. */
  @Nullable Place findOrAddListed(Source source, String tier) {
    return findOrAdd(listed, source, tier);
  }

  /** Whether a place is one of {@link #findOrAddListed}. */
  boolean isListed(Place place) {
    return listed.get(place.source()) == place.held;
  }

  private @Nullable Place findOrAdd(Map<Source, Place.Held> among, Source source, String tier) {
    Place known = find(among, source, tier);
    if (known != null) {
      return known;
    }
    int id = freshId();
    if (id == NONE) {
      return null;
    }
    Place.Held held = among.computeIfAbsent(source, s -> new Place.Held());
    Place place = new Place(source, tier, id, held);
    held.byTier.put(tier, place);
    byId.setRelease(id, place);
    return place;
  }

  private int freshId() {
    if (next == Location.PLACES) {
      Integer again = free.poll();
      return again == null ? NONE : again;
    }
    if (next == byId.length()) {
      AtomicReferenceArray<Place> wider = new AtomicReferenceArray<>(2 * next);
      for (int i = 1; i < next; i++) {
        wider.setPlain(i, byId.getPlain(i));
      }
      byId = wider;
    }
    return next++;
  }

  /** Ends all places of a source; those that nothing names are left for what comes after. */
  void end(Source source, Gone how) {
    Place.Held held = bySource.get(source);
    if (held == null) {
      return;
    }
    end(held, how);
    if (held.byTier.isEmpty()) {
      bySource.remove(source);
    }
  }

  private void end(Place.Held held, Gone how) {
    for (Place place : List.copyOf(held.byTier.values())) {
      if (place.locations > 0) {
        place.die(new Gone(how.why(), how.atMs(), place));
        held.byTier.remove(place.tier());
        live.setRelease(live.getPlain() - place.locations);
      }
    }
    if (held.locations > 0) {
      held.locations = 0;
      holding.setRelease(holding.getPlain() - 1);
    }
  }

  /** Ends all places of this region. */
  void endLocal(Gone how) {
    List.copyOf(bySource.keySet()).stream()
        .filter(source -> source.region() == null)
        .forEach(source -> end(source, how));
  }

  /**
   * From now on a region's sources get new places, beside those that they have. The old ones live
   * on until {@link #endAside}.
   */
  void setAside(String region) {
    List<Place.Held> old = aside.computeIfAbsent(region, r -> new ArrayList<>());
    bySource
        .entrySet()
        .removeIf(entry -> {
          boolean isOld = region.equals(entry.getKey().region());
          if (isOld) {
            old.add(entry.getValue());
          }
          return isOld;
        });
  }

  /** Ends the places of a region that were set aside. */
  void endAside(String region, Gone how) {
    for (Place.Held held :
        Objects.requireNonNullElse(aside.remove(region), List.<Place.Held>of())) {
      endAll(held, how);
    }
  }

  /** The places of what was listed take the place of all that those sources had, at once. */
  void completeListed(Predicate<Source> listedSources, Gone how) {
    bySource
        .entrySet()
        .removeIf(entry -> {
          boolean isOld = listedSources.test(entry.getKey());
          if (isOld) {
            endAll(entry.getValue(), how);
          }
          return isOld;
        });
    bySource.putAll(listed);
    listed.clear();
  }

  /** Ends the places of what is listed. */
  void endListed(Gone how) {
    listed.values().forEach(held -> endAll(held, how));
    listed.clear();
  }

  /** Ends the places of what is listed of a source. */
  void endListed(Source source, Gone how) {
    Place.Held held = listed.remove(source);
    if (held != null) {
      endAll(held, how);
    }
  }

  private void endAll(Place.Held held, Gone how) {
    end(held, how);
    held.byTier.values().forEach(place -> endUnused(place, how));
  }

  private void endUnused(Place place, Gone how) {
    place.die(new Gone(how.why(), how.atMs(), place));
    if (place.uses == 0) {
      free.add(place.id);
    }
  }

  /** Ends the living places that nothing names, for their ids. */
  void endUnused() {
    for (Source source : List.copyOf(bySource.keySet())) {
      Place.Held held = Objects.requireNonNull(bySource.get(source));
      for (Place place : List.copyOf(held.byTier.values())) {
        if (place.uses == 0) {
          place.die(new Gone(Gone.Why.CLEARED, 0, place));
          held.byTier.remove(place.tier());
          free.add(place.id);
        }
      }
      if (held.byTier.isEmpty()) {
        bySource.remove(source);
      }
    }
  }

  /** A record names a place by a new word. */
  void name(int id, boolean isLocation) {
    Place place = get(id);
    place.uses++;
    if (isLocation) {
      place.locations++;
      live.setRelease(live.getPlain() + 1);
      if (place.held.locations++ == 0) {
        holding.setRelease(holding.getPlain() + 1);
      }
    }
  }

  /** A word that named a place is gone from its record, and the record's stamp is raised. */
  void unname(int id, boolean wasLocation) {
    Place place = get(id);
    place.uses--;
    boolean isDead = place.death() != null;
    if (wasLocation) {
      place.locations--;
      if (!isDead) {
        live.setRelease(live.getPlain() - 1);
        if (--place.held.locations == 0) {
          holding.setRelease(holding.getPlain() - 1);
        }
      }
    }
    if (isDead && place.uses == 0) {
      free.add(id);
    }
  }

  /** Locations at living places. */
  long live() {
    return live.getAcquire();
  }

  /** Sources that hold anything. */
  int holding() {
    return (int) holding.getAcquire();
  }
}
