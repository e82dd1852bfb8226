package io.membrane.directory.feed;

import io.membrane.directory.location.ChangeBatch;
import io.membrane.directory.location.Image;
import io.membrane.directory.location.NodeProgress;
import io.membrane.directory.location.Source;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.LogEntry;
import io.membrane.wire.LogPosition;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Takes what the log says into the image, and notes whom that leaves in doubt. What cannot be
 * understood is counted, logged and skipped. One thread writes; any may ask for the counts.
 */
final class PageIngest {

  private final Image image;
  private final NoteReader notes;
  private final Doubts doubts;
  private final ChangeBatch batch = new ChangeBatch();
  private final Map<LogTail.Outcome, AtomicLong> outcomes = new EnumMap<>(LogTail.Outcome.class);

  PageIngest(Image image, NoteReader notes, Doubts doubts) {
    this.image = image;
    this.notes = notes;
    this.doubts = doubts;
    for (LogTail.Outcome outcome : LogTail.Outcome.values()) {
      outcomes.put(outcome, new AtomicLong());
    }
  }

  void take(List<Recorded> page) {
    Skipped skipped = new Skipped();
    for (Recorded recorded : page) {
      try {
        if (recorded.hasNotes()) {
          notes.read(recorded.notes());
        } else if (recorded.isBatch()) {
          takeBatch(recorded, skipped);
        } else {
          takeEntry(recorded.entry(), recorded.position(), skipped);
        }
      } catch (RuntimeException e) {
        skipped.add(recorded.position(), 1, e);
      }
    }
    count(LogTail.Outcome.SKIPPED, skipped.count());
    skipped.report();
  }

  /** Takes in what callers said, and nothing else. */
  void takeNotes(List<Recorded> page) {
    take(page.stream().filter(Recorded::hasNotes).toList());
  }

  private void takeBatch(Recorded recorded, Skipped skipped) {
    BatchCodec.decode(recorded.value(), batch);
    NodeProgress before = progress(batch.source());
    long gaps = image.gaps();
    Image.Applied applied;
    try {
      applied = image.apply(batch);
    } catch (IllegalStateException e) {
      skipped.add(recorded.position(), batch.size(), e);
      return;
    }
    count(LogTail.Outcome.APPLIED, applied.applied());
    count(LogTail.Outcome.SEEN, applied.seen());
    count(LogTail.Outcome.OUTDATED, applied.outdated());
    if (applied.refusal() != null) {
      skipped.add(recorded.position(), applied.skipped(), applied.refusal());
    }
    NodeProgress first = batch.first();
    if (first != null && applied.applied() + applied.skipped() > 0) {
      boolean gap = image.gaps() > gaps;
      boolean anew = batch.clearsAfter(applied.seen()) || (!gap && begins(first.epoch(), before));
      doubts.hear(batch.source(), recorded.position(), gap, anew);
    }
  }

  private void takeEntry(LogEntry entry, LogPosition at, Skipped skipped) {
    Source source = new Source(entry.cluster(), entry.node(), entry.domain());
    NodeProgress before = progress(source);
    long gaps = image.gaps();
    boolean taken = true;
    try {
      Image.Outcome outcome = image.apply(entry);
      count(LogTail.Outcome.valueOf(outcome.name()), 1);
      taken = outcome == Image.Outcome.APPLIED;
    } catch (IllegalStateException e) {
      skipped.add(at, 1, e);
    }
    if (entry.epoch() != null && taken) {
      boolean gap = image.gaps() > gaps;
      boolean clears = entry.event().type() == EventType.CLEARED;
      doubts.hear(source, at, gap, clears || (!gap && begins(entry.epoch(), before)));
    }
  }

  private @Nullable NodeProgress progress(Source source) {
    return image.progress(source.cluster(), source.node(), source.domain());
  }

  private static boolean begins(long epoch, @Nullable NodeProgress before) {
    return before == null || epoch > before.epoch();
  }

  /** Events so far of which this became. */
  long count(LogTail.Outcome outcome) {
    return counter(outcome).get();
  }

  private void count(LogTail.Outcome outcome, int events) {
    counter(outcome).addAndGet(events);
  }

  private AtomicLong counter(LogTail.Outcome outcome) {
    return Objects.requireNonNull(outcomes.get(outcome));
  }
}
