package io.membrane.directory.engine.wire;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.zip.CRC32C;

/**
 * Keeps one publisher's messages in order and without holes, and notices when the publisher began
 * anew.
 *
 * <p><b>Goals.</b> What was applied since the last {@link Steps#clear} is a run of messages of one
 * life of the publisher, each once, in order. It begins with the life's first message if a replay
 * could still be had of it.
 *
 * <p><b>Constraints.</b> A sequence that goes back means that the engine restarted; but one that
 * restarted and has overtaken its old sequence looks like a gap, or like nothing at all. A replay
 * sends what the publisher still has of the messages from a sequence on, then its end.
 *
 * <p><b>Algorithm.</b> After every connect, gap and doubt the replay is asked from the
 * <em>last</em> message that was applied, not from the one after it. If it comes first and is the
 * same, nothing was lost. If another comes in its place, or none at all, this is another life:
 * clear, and ask from 0. If a later one comes first, the buffer was too short: clear, and go on
 * from there. Live messages wait meanwhile. Without replay, every hole and every step back clears;
 * a restart whose next message has the very sequence that was expected cannot be seen then.
 *
 * <p>Sequences are unsigned. Not thread-safe.
 */
public final class Continuity {

  private static final int REMEMBERED = 64;
  private static final int MAX_WAITING = 10_000;
  private static final long MAX_WAITING_BYTES = 64 << 20;

  private final boolean canReplay;
  private final Steps steps;
  private final long[] sums = new long[REMEMBERED];
  private final Deque<Frame> waiting = new ArrayDeque<>();
  private long waitingBytes;

  /** Whether something was applied, and up to where. */
  private boolean hasLast;

  private long last;

  /** Messages applied since the last clear, and since the start. */
  private long run;

  private long applied;

  private boolean isReplaying;
  private boolean isFirstOfReplay;

  /** Whether another replay could help: not if the last one did not. */
  private boolean mayAsk = true;

  private long gaps;
  private long duplicates;
  private long restarts;

  /** What is to be done. */
  public interface Steps {

    /** The next message. */
    void apply(byte[] payload);

    /** What was applied is void. */
    void clear();

    /**
     * Ask the publisher for its messages from a sequence on, and hand on nothing more of what was
     * asked before. Answers may come at any time after the return.
     */
    void askReplay(long from);
  }

  /**
   * What happened since the start.
   *
   * @param gaps times that messages were missing before one that came
   * @param duplicates messages that came twice
   * @param restarts times that the publisher began anew
   */
  public record Counts(long gaps, long duplicates, long restarts) {}

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Frame(long sequence, byte[] payload, long sum) {}

  /**
   * @param canReplay whether the publisher can be asked for messages again
   */
  public Continuity(boolean canReplay, Steps steps) {
    this.canReplay = canReplay;
    this.steps = steps;
  }

  /** The publisher can be heard, for the first time or again. */
  public void connected() {
    if (canReplay) {
      dropWaiting();
      ask(hasLast ? last : 0);
    }
  }

  /** The publisher was not heard of for so long that what it held counts as gone. */
  public void lost() {
    isReplaying = false;
    mayAsk = true;
    dropWaiting();
    begin();
  }

  /** A message of the subscription. */
  public void live(long sequence, byte[] payload) {
    Frame frame = new Frame(sequence, payload, sum(payload));
    if (!isReplaying) {
      take(frame);
    } else {
      if (waiting.size() == MAX_WAITING || waitingBytes > MAX_WAITING_BYTES) {
        dropWaiting();
      }
      waiting.add(frame);
      waitingBytes += payload.length;
    }
  }

  /** A message of the replay that was asked last. */
  public void replayed(long sequence, byte[] payload) {
    if (!isReplaying) {
      return;
    }
    Frame frame = new Frame(sequence, payload, sum(payload));
    boolean isFirst = isFirstOfReplay;
    isFirstOfReplay = false;
    if (isFirst && hasLast) {
      if (sequence != last) {
        gaps++;
        begin();
        accept(frame);
      } else if (!isRemembered(frame)) {
        restart();
      }
    } else if (!hasLast || sequence == last + 1) {
      accept(frame);
    } else if (Long.compareUnsigned(sequence, last) > 0) {
      gaps++;
      begin();
      accept(frame);
    }
  }

  /** The replay that was asked last is complete. */
  public void replayEnded() {
    if (!isReplaying) {
      return;
    }
    if (isFirstOfReplay && hasLast) {
      restart();
      return;
    }
    isReplaying = false;
    drain();
  }

  /** The replay that was asked last does not come. */
  public void replayFailed() {
    if (!isReplaying) {
      return;
    }
    isReplaying = false;
    mayAsk = false;
    begin();
    drain();
  }

  /** Whether messages wait for a replay. */
  public boolean isReplaying() {
    return isReplaying;
  }

  /** Messages applied since the start. */
  public long applied() {
    return applied;
  }

  public Counts counts() {
    return new Counts(gaps, duplicates, restarts);
  }

  private void take(Frame frame) {
    if (hasLast ? frame.sequence == last + 1 : frame.sequence == 0) {
      accept(frame);
      return;
    }
    boolean isAhead = hasLast && Long.compareUnsigned(frame.sequence, last) > 0;
    boolean isBack = hasLast && !isAhead;
    if (isBack && isRemembered(frame)) {
      duplicates++;
    } else if (canReplay && mayAsk) {
      gaps += isAhead ? 1 : 0;
      doubt(frame);
    } else if (canReplay && isBack) {
      duplicates++; // the publisher has just shown that it is where it was
    } else {
      gaps += isAhead ? 1 : 0;
      restarts += isBack ? 1 : 0;
      begin();
      accept(frame);
    }
  }

  private void doubt(Frame frame) {
    waiting.addFirst(frame);
    waitingBytes += frame.payload.length;
    ask(hasLast ? last : 0);
  }

  private void ask(long from) {
    isReplaying = true;
    isFirstOfReplay = true;
    mayAsk = false;
    steps.askReplay(from);
  }

  private void restart() {
    restarts++;
    begin();
    ask(0);
  }

  /** What was applied is void; the next message is the first. */
  private void begin() {
    if (hasLast) {
      hasLast = false;
      run = 0;
      steps.clear();
    }
  }

  private void accept(Frame frame) {
    hasLast = true;
    mayAsk = true;
    last = frame.sequence;
    sums[slot(last)] = frame.sum;
    run++;
    applied++;
    steps.apply(frame.payload);
    while (isReplaying && !waiting.isEmpty() && isRemembered(waiting.element())) {
      nextWaiting();
    }
  }

  private void drain() {
    while (!isReplaying && !waiting.isEmpty()) {
      take(nextWaiting());
    }
    mayAsk |= !isReplaying;
  }

  private Frame nextWaiting() {
    Frame next = waiting.remove();
    waitingBytes -= next.payload.length;
    return next;
  }

  private void dropWaiting() {
    waiting.clear();
    waitingBytes = 0;
  }

  /** Whether it is one of the last messages that were applied. */
  private boolean isRemembered(Frame frame) {
    long back = last - frame.sequence;
    return back >= 0 && back < Math.min(REMEMBERED, run) && sums[slot(frame.sequence)] == frame.sum;
  }

  private static int slot(long sequence) {
    return (int) (sequence & (REMEMBERED - 1));
  }

  private static long sum(byte[] payload) {
    CRC32C sum = new CRC32C();
    sum.update(payload);
    return sum.getValue();
  }
}
