package io.membrane.directory.feed;

import io.membrane.directory.location.NodeProgress;
import io.membrane.directory.location.Source;
import io.membrane.directory.snapshot.Standing;
import io.membrane.wire.LogPosition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * About whom the image may be wrong, because entries of the log were lost before it had taken them
 * in. A source that numbers its events is doubted from a gap on, until it begins a later epoch or
 * says that it holds nothing; those that do not number theirs, together, until they were listed
 * anew or the log's next life begins.
 *
 * <p>One thread writes; any may ask.
 */
final class Doubts {

  private final Map<Source, LogPosition> lastHeard = new ConcurrentHashMap<>();
  private final Set<Source> doubted = ConcurrentHashMap.newKeySet();
  private volatile boolean entriesLost;
  private final AtomicLong listings = new AtomicLong();
  private volatile LogPosition listedAt = LogPosition.START;
  private long losses;

  /**
   * Takes note of numbered events that the image has taken in.
   *
   * @param gap whether events are missing before them
   * @param anew whether they say all that the source holds: without a gap they begin an epoch, or
   *     they say that it holds nothing
   */
  void hear(Source source, LogPosition at, boolean gap, boolean anew) {
    lastHeard.put(source, at);
    if (anew) {
      doubted.remove(source);
    } else if (gap) {
      doubted.add(source);
    }
  }

  /** The log went on without us: entries before the oldest that it holds are missing. */
  void loseBeginning() {
    losses++;
    entriesLost = true;
  }

  /** The image holds entries that the log lost: all those after {@code held}. */
  void loseEnd(LogPosition held) {
    losses++;
    entriesLost = true;
    lastHeard.forEach((source, at) -> {
      if (at.compareTo(held) > 0) {
        doubted.add(source);
      }
    });
  }

  /** The sources that do not number their events were listed anew, in an image of {@code at}. */
  void endListing(LogPosition at) {
    entriesLost = false;
    listedAt = at;
    listings.incrementAndGet();
  }

  /** How often entries were lost so far, or all was forgotten. Writer only. */
  long losses() {
    return losses;
  }

  /** How often {@link #endListing} was called so far. */
  long listings() {
    return listings.get();
  }

  /** Where the image was at the last {@link #endListing}; the log's beginning if there was none. */
  LogPosition listedAt() {
    return listedAt;
  }

  /** The image holds nothing any more. */
  void clear() {
    losses++;
    entriesLost = false;
    doubted.clear();
    lastHeard.clear();
  }

  /** Whether a source that numbers its events has to begin anew. */
  boolean areAbout(Source source) {
    return doubted.contains(source);
  }

  /** Whether there are any. */
  boolean any() {
    return entriesLost || !doubted.isEmpty();
  }

  /** What a snapshot has to know of the sources that number their events. */
  List<Standing.Numbering> numbering(Map<Source, NodeProgress> progress) {
    List<Standing.Numbering> numbering = new ArrayList<>(progress.size());
    progress.forEach((source, reached) -> {
      LogPosition heardAt = lastHeard.getOrDefault(source, LogPosition.START);
      numbering.add(new Standing.Numbering(source, reached, heardAt, areAbout(source)));
    });
    return numbering;
  }

  /** Whether those about sources that do not number their events are among them. */
  boolean entriesLost() {
    return entriesLost;
  }

  /** Takes on what a snapshot knew of them. */
  void restore(Standing standing) {
    entriesLost = standing.entriesLost();
    for (Standing.Numbering source : standing.numbering()) {
      hear(source.source(), source.heardAt(), source.isDoubted(), false);
    }
  }
}
