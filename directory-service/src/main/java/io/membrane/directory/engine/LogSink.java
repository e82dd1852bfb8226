package io.membrane.directory.engine;

import io.membrane.directory.feed.EventLog;
import io.membrane.directory.feed.LogBatch;
import io.membrane.directory.feed.LogTail;
import io.membrane.directory.location.Image;
import io.membrane.directory.location.NodeProgress;
import io.membrane.directory.location.Source;
import io.membrane.wire.DirectoryClient.Event;
import java.time.Clock;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Into the event log, a batch at a time. Epochs are given out by Redis, so that two replicas that
 * both take themselves for the follower of an engine are never in the same one; whoever is in the
 * earlier one is not heard, and notices by the image.
 */
final class LogSink implements EventSink {

  private final EventLog events;
  private final LogTail tail;
  private final Image image;
  private final EngineRegistry registry;
  private final Clock clock;

  /** Into {@code events}, which {@code tail} reads into {@code image}. */
  LogSink(EventLog events, LogTail tail, Image image, EngineRegistry registry, Clock clock) {
    this.events = events;
    this.tail = tail;
    this.image = image;
    this.registry = registry;
    this.clock = clock;
  }

  @Override
  public long nextEpoch(Source source) {
    NodeProgress known = progress(source);
    return registry.nextEpoch(
        source, Math.max(clock.millis(), known == null ? 0 : known.epoch() + 1));
  }

  @Override
  public Standing standing(Source source, long epoch) {
    NodeProgress known = progress(source);
    if (known == null || known.epoch() < epoch) {
      return Standing.UNHEARD;
    }
    boolean isOver =
        known.epoch() > epoch
            || known.isOver()
            || tail.doubts(source.cluster(), source.node(), source.domain());
    return isOver ? Standing.OVER : Standing.HEARD;
  }

  @Override
  public void append(Source source, long epoch, long sequence, List<Event> batch) {
    var _ =
        events.append(
            new LogBatch(source.node(), source.cluster(), source.domain(), epoch, sequence, batch));
  }

  private @Nullable NodeProgress progress(Source source) {
    return image.progress(source.cluster(), source.node(), source.domain());
  }
}
