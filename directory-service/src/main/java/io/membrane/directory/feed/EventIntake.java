package io.membrane.directory.feed;

import io.membrane.directory.location.ChangeBatch;
import io.membrane.directory.location.EventColumns;
import io.membrane.directory.location.EventRules;
import io.membrane.directory.location.Image;
import io.membrane.directory.location.NodeProgress;
import io.membrane.directory.location.Source;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.DirectoryClient.EventBatch;
import io.membrane.wire.DirectoryClient.EventsAccepted;
import io.membrane.wire.LogPosition;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * Takes batches of a node's events into the log, each event once and in order.
 *
 * <p>What a node's next event is follows from the log alone, so that every replica judges alike: a
 * batch is judged after the image has taken in all that the log held when the batch came. Two
 * replicas that take the same batch at once may both append it; whoever reads the log skips what it
 * has seen. Thread-safe.
 */
public final class EventIntake {

  private static final int MAX_NODES = 65_536;
  private static final int LOCKS = 64;
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final EventLog events;
  private final LogTail tail;
  private final Image image;
  private final List<ReentrantLock> locks =
      Stream.generate(ReentrantLock::new).limit(LOCKS).toList();

  /** An intake into {@code events}, which {@code tail} reads into {@code image}. */
  public EventIntake(EventLog events, LogTail tail, Image image) {
    this.events = events;
    this.tail = tail;
    this.image = image;
  }

  /**
   * As {@link #accept(ChangeBatch)}, for events as objects.
   *
   * @param domain sharing domain of all that the batch tells of
   * @throws MembraneException {@link ErrorCode#IMPOSSIBLE_REQUEST} for an event that cannot be, or
   *     as there
   */
  public EventsAccepted accept(EventBatch batch, String domain) {
    for (int i = 0; i < batch.events().size(); i++) {
      try {
        EventRules.check(batch.events().get(i));
      } catch (IllegalArgumentException e) {
        throw new MembraneException(
            ErrorCode.IMPOSSIBLE_REQUEST, "events[" + i + "]: " + e.getMessage(), e);
      }
    }
    ChangeBatch columns =
        new ChangeBatch(
            new Source(batch.cluster(), batch.node(), domain),
            new NodeProgress(batch.epoch(), batch.sequence()));
    EventColumns.add(batch.events(), columns);
    return accept(columns);
  }

  /**
   * Appends what the log does not hold yet of a batch.
   *
   * @param batch numbered, of checked events
   * @throws MembraneException {@link ErrorCode#SEQUENCE_GAP} if events are missing before the
   *     batch, were lost after they had been accepted, or its epoch is over, as it is once the node
   *     was lost; {@link ErrorCode#OVERLOADED} for a node too many; {@link
   *     ErrorCode#DEPENDENCY_UNAVAILABLE} while the log cannot be read or written. Nothing is
   *     appended then, except that a Redis which does not answer may have appended all: the batch
   *     can be sent again
   */
  public EventsAccepted accept(ChangeBatch batch) {
    String node = batch.source().node();
    ReentrantLock lock = locks.get(Math.floorMod(node.hashCode(), LOCKS));
    Duration patience = CallContext.currentOr(PATIENCE).within(PATIENCE).remaining();
    try {
      if (!lock.tryLock(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        throw new MembraneException(
            ErrorCode.OVERLOADED, "other batches of node " + node + " are at work");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new MembraneException(ErrorCode.DEPENDENCY_UNAVAILABLE, "the service stops", e);
    }
    try {
      return appendRest(batch);
    } finally {
      lock.unlock();
    }
  }

  private EventsAccepted appendRest(ChangeBatch batch) {
    LogPosition last = events.last();
    Duration patience = CallContext.currentOr(PATIENCE).within(PATIENCE).remaining();
    if (!tail.isCaughtUp() || (last != null && !tail.await(last, patience))) {
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE, "the directory still reads its log; try again");
    }
    NodeProgress first = Objects.requireNonNull(batch.first(), "a batch without numbers");
    long wanted = wanted(batch.source(), first);
    int known = (int) Math.min(wanted - first.nextSequence(), batch.size());
    LogPosition at = known == batch.size() ? last : events.append(batch, known);
    return new EventsAccepted(
        wanted + batch.size() - known, at == null ? null : Objects.toString(at));
  }

  /** The sequence that the node's next event has; at least that of the batch. */
  private long wanted(Source source, NodeProgress first) {
    String node = source.node();
    NodeProgress known = image.progress(source.cluster(), node, source.domain());
    if (known == null && image.numberingNodes() >= MAX_NODES) {
      throw new MembraneException(
          ErrorCode.OVERLOADED, "the directory knows " + MAX_NODES + " nodes, its limit");
    }
    if (known != null && first.epoch() < known.epoch()) {
      throw new MembraneException(
          ErrorCode.SEQUENCE_GAP,
          "epoch %d of node %s is over, it is in epoch %d; begin a later one with sequence 0"
              .formatted(first.epoch(), node, known.epoch()));
    }
    if (known != null && first.epoch() == known.epoch() && known.isOver()) {
      throw new MembraneException(
          ErrorCode.SEQUENCE_GAP,
          "node %s was lost in epoch %d; begin a later epoch with sequence 0 and all that the node"
                  .formatted(node, first.epoch())
              + " holds");
    }
    if (known != null
        && first.epoch() == known.epoch()
        && tail.doubts(source.cluster(), node, source.domain())) {
      throw new MembraneException(
          ErrorCode.SEQUENCE_GAP,
          "events of node %s in epoch %d were lost; begin a later epoch with sequence 0 and all"
                  .formatted(node, first.epoch())
              + " that the node holds");
    }
    long wanted = known != null && known.epoch() == first.epoch() ? known.nextSequence() : 0;
    if (first.nextSequence() > wanted) {
      throw new MembraneException(
          ErrorCode.SEQUENCE_GAP,
          "sequence %d is wanted next of node %s in epoch %d, not %d; send from there, or begin a"
                  .formatted(wanted, node, first.epoch(), first.nextSequence())
              + " later epoch with sequence 0 and all that the node holds");
    }
    return wanted;
  }
}
