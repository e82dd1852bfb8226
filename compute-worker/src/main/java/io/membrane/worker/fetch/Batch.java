package io.membrane.worker.fetch;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.Frame;
import io.membrane.rpc.Hedging;
import io.membrane.worker.fetch.FrameCheck.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Some blocks of a stream and the one or two requests for them. The second is sent when the first
 * says nothing for the hedge delay, or has ended without all of them; it asks for those that are
 * open. Whichever brings a block first wins. Blocks that neither brings are given up, also when
 * both are silent for too long.
 */
final class Batch {

  private static final int ATTEMPTS = 2;
  private static final long LEAST_PATIENCE_NANOS = Duration.ofSeconds(2).toNanos();
  private static final Duration UNBOUNDED = Duration.ofMinutes(1);

  private final PrefixStream stream;
  private final BitSet blocks;
  private final Hedging hedging;
  private final List<Attempt> attempts = new ArrayList<>();
  private int running;
  private int delivered;
  private int deliveredBySecond;
  private boolean heard;
  private long heardNanos = System.nanoTime();
  private @Nullable Attempt hedge;

  Batch(PrefixStream stream, BitSet blocks, Hedging hedging) {
    this.stream = stream;
    this.blocks = blocks;
    this.hedging = hedging;
  }

  /** Returns when no block is open, or nothing more can be done about those that are. */
  void run() throws InterruptedException {
    stream.lock.lock();
    try {
      if (!stream.prefix.stillOpen(blocks).isEmpty()) {
        hedging.sent();
        begin();
        await();
      }
    } finally {
      attempts.forEach(Attempt::cancel);
      if (hedge != null) {
        hedging.ended(deliveredBySecond > 0);
      }
      if (!heard && !stream.prefix.stillOpen(blocks).isEmpty()) {
        stream.prefix.stop();
      }
      stream.prefix.giveUp(blocks);
      stream.prefix.release(blocks.cardinality() - delivered);
      stream.changed.signalAll();
      stream.lock.unlock();
    }
  }

  private void begin() {
    List<Integer> backwards =
        stream.prefix.stillOpen(blocks).stream().boxed().sorted((a, b) -> b - a).toList();
    Attempt attempt = stream.attempt(backwards, new Heard(backwards));
    attempts.add(attempt);
    running++;
    heardNanos = System.nanoTime();
    attempt.start();
  }

  private void await() throws InterruptedException {
    long delay = hedging.delayNanos();
    long patience = patience(delay);
    boolean mayHedge = true;
    while (!stream.prefix.stillOpen(blocks).isEmpty()) {
      long silence = System.nanoTime() - heardNanos;
      if (running == 0) {
        if (attempts.size() == ATTEMPTS) {
          return;
        }
        begin();
      } else if (silence >= patience) {
        return;
      } else if (mayHedge && attempts.size() < ATTEMPTS && silence >= delay) {
        mayHedge = hedging.permits();
        if (mayHedge) {
          begin();
          hedge = attempts.getLast();
        }
      } else {
        boolean hedges = mayHedge && attempts.size() < ATTEMPTS;
        long _ = stream.changed.awaitNanos((hedges ? delay : patience) - silence);
      }
    }
  }

  /** Half of the time that is left, so that the rest can still be computed. */
  private static long patience(long delay) {
    long left = CallContext.currentOr(UNBOUNDED).remaining().toNanos();
    return Math.min(left / 2, Math.max(LEAST_PATIENCE_NANOS, 4 * delay));
  }

  /** What an attempt for blocks, in their order, tells. */
  private final class Heard implements Attempt.Listener {

    private final List<Integer> asked;

    Heard(List<Integer> asked) {
      this.asked = asked;
    }

    @Override
    public void arrived(Attempt attempt, int position, Frame frame) {
      int index = asked.get(position);
      Verdict verdict = stream.check().of(index, frame);
      stream.lock.lock();
      try {
        heard = true;
        heardNanos = System.nanoTime();
        switch (verdict) {
          case USABLE -> deliver(attempt, index, frame);
          case MISSING -> {
            BitSet gone = new BitSet();
            gone.set(index);
            stream.prefix.giveUp(gone);
          }
          case DAMAGED -> {}
        }
        stream.changed.signalAll();
      } finally {
        stream.lock.unlock();
      }
      stream.tell();
    }

    private void deliver(Attempt attempt, int index, Frame frame) {
      if (frame.header().digest() != null
          && stream.deliver(new FetchedBlock(index, frame.body(), frame.header().digest()))) {
        delivered++;
        deliveredBySecond += attempt.equals(hedge) ? 1 : 0;
      }
    }

    @Override
    public void ended(Attempt attempt) {
      hedging.heard(attempt.silenceNanos());
      stream.lock.lock();
      try {
        running--;
        stream.attemptEnded();
      } finally {
        stream.lock.unlock();
      }
    }
  }
}
