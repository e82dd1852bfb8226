package io.membrane.directory.feed;

import io.membrane.directory.location.NodeProgress;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.LogPosition;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * About whom the image may be wrong, because entries of the log were lost before it had taken them
 * in. A source that numbers its events is doubted from a gap on, until it begins a later epoch or
 * says that it holds nothing; those that do not number theirs, together, until the log's next life.
 *
 * <p>One thread writes; any may ask.
 */
final class Doubts {

  private record Source(String cluster, String node, String domain) {}

  private final Map<Source, LogPosition> lastHeard = new ConcurrentHashMap<>();
  private final Set<Source> doubted = ConcurrentHashMap.newKeySet();
  private final AtomicLong gaps = new AtomicLong();
  private volatile boolean entriesLost;

  /**
   * Takes note of a batch that the image has taken in.
   *
   * @param before how far its source had come, or null if it was never heard of
   */
  void hear(LogBatch batch, @Nullable NodeProgress before, LogPosition at) {
    if (batch.epoch() == null || batch.sequence() == null) {
      return;
    }
    boolean goesOn = before != null && batch.epoch() == before.epoch();
    long next = before != null && goesOn ? before.nextSequence() : 0;
    long seen = next - batch.sequence();
    if ((before != null && batch.epoch() < before.epoch()) || seen >= batch.events().size()) {
      return;
    }
    Source source = new Source(batch.cluster(), batch.node(), batch.domain());
    lastHeard.put(source, at);
    boolean gap = seen < 0;
    if (gap) {
      gaps.incrementAndGet();
    }
    boolean clears =
        batch.events().stream()
            .skip(Math.max(0, seen))
            .anyMatch(event -> event.type() == EventType.CLEARED);
    if (clears || (!goesOn && !gap)) {
      doubted.remove(source);
    } else if (gap) {
      doubted.add(source);
    }
  }

  /** The log went on without us: entries before the oldest that it holds are missing. */
  void loseBeginning() {
    entriesLost = true;
  }

  /** The image holds entries that the log lost: all those after {@code held}. */
  void loseEnd(LogPosition held) {
    entriesLost = true;
    lastHeard.forEach((source, at) -> {
      if (at.compareTo(held) > 0) {
        doubted.add(source);
      }
    });
  }

  /** The image holds nothing any more. */
  void clear() {
    entriesLost = false;
    doubted.clear();
    lastHeard.clear();
  }

  /** Whether a source that numbers its events has to begin anew. */
  boolean areAbout(String cluster, String node, String domain) {
    return doubted.contains(new Source(cluster, node, domain));
  }

  /** Whether there are any. */
  boolean any() {
    return entriesLost || !doubted.isEmpty();
  }

  /** Gaps in the numbers of sources so far. */
  long gaps() {
    return gaps.get();
  }
}
