package io.membrane.directory.engine;

import io.membrane.directory.engine.EventSink.Standing;
import io.membrane.directory.location.Source;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A source's events on their way to the sink, numbered; they wait while it takes none. */
final class Outbox {

  private static final Logger log = LoggerFactory.getLogger(Outbox.class);
  private static final Duration RETRY = Duration.ofSeconds(1);
  private static final int MAX_PENDING = 500_000;

  private final Source source;
  private final EventSink sink;
  private final Clock clock;
  private final List<Event> pending = new ArrayList<>();
  private long epoch;
  private long sequence;
  private boolean wasHeard;
  private long retryAtMs;

  Outbox(Source source, EventSink sink, Clock clock) {
    this.source = source;
    this.sink = sink;
    this.clock = clock;
  }

  /** A new epoch, in which the source holds nothing yet; what waited is void. */
  void begin() {
    pending.clear();
    epoch = Math.max(epoch + 1, sink.nextEpoch(source));
    sequence = 0;
    wasHeard = false;
    pending.add(new Event(EventType.CLEARED, null, null, null, null, null, null, null, null));
  }

  /**
   * Takes the next event.
   *
   * @throws IllegalStateException if too many wait
   */
  void add(Event event) {
    if (pending.size() == MAX_PENDING) {
      throw new IllegalStateException(MAX_PENDING + " events wait for the log");
    }
    pending.add(event);
  }

  /**
   * Hands on what waits, as far as the sink takes it now.
   *
   * @throws MembraneException {@link ErrorCode#SEQUENCE_GAP} if the epoch is over: nothing that
   *     follows in it would be heard, or what came before is not known any more
   */
  void flush() {
    Standing standing = sink.standing(source, epoch);
    if (standing == Standing.OVER || (wasHeard && standing == Standing.UNHEARD)) {
      throw new MembraneException(
          ErrorCode.SEQUENCE_GAP, "epoch %d of %s is over".formatted(epoch, source));
    }
    wasHeard |= standing == Standing.HEARD;
    while (!pending.isEmpty() && clock.millis() >= retryAtMs) {
      int count = Math.min(pending.size(), DirectoryClient.MAX_EVENTS);
      List<Event> next = pending.subList(0, count);
      try {
        sink.append(source, epoch, sequence, next);
      } catch (MembraneException e) {
        if (!e.code().retriable()) {
          throw e;
        }
        log.debug("events of {} wait", source, e);
        retryAtMs = clock.millis() + RETRY.toMillis();
        return;
      }
      next.clear();
      sequence += count;
    }
  }
}
