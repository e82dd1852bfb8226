package io.membrane.worker.publish;

import io.membrane.block.Tokens;
import io.membrane.worker.batch.PrefillTimes;
import io.membrane.worker.batch.Work;
import io.membrane.worker.prefill.Prefill;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Cold prefills to measure with: of one chunk, of two, of four and so on, as far as prompts may be
 * and as long as the next one is expected to end within the budget. Only time in the engine counts,
 * so that prompts in between do no harm.
 */
final class ProfileWork implements Work<Prefill, Integer> {

  /** A prefill of twice the length takes at least twice the time, at most four times. */
  private static final double GROWTH = 3;

  private final ServedModel served;
  private final PrefillTimes times;
  private final double budgetMillis;
  private double spentMillis;
  private double millis;
  private volatile int length;
  private volatile int done;
  private @Nullable Prefill prefill;

  ProfileWork(ServedModel served, PrefillTimes times, Duration budget) {
    this.served = served;
    this.times = times;
    this.budgetMillis = budget.toNanos() / 1e6;
    this.length = Math.min(served.model().chunkAfter(0, Integer.MAX_VALUE), longest());
  }

  private int longest() {
    return Math.min(served.maxTokens(), served.model().positionLimit());
  }

  @Override
  public int kvTokens() {
    return length;
  }

  @Override
  public int pastTokens() {
    return done;
  }

  @Override
  public int remainingTokens() {
    return length - done;
  }

  @Override
  public int nextTokens() {
    return served.model().chunkAfter(done, length);
  }

  @Override
  public Prefill next() {
    return begun();
  }

  private Prefill begun() {
    Prefill known = prefill;
    if (known == null) {
      Tokens tokens = Tokens.ofInts(new int[length]);
      known = served.model().begin(tokens, List.of(), length, false);
      prefill = known;
    }
    return known;
  }

  @Override
  public void stepped(long nanos, boolean alone) {
    millis += nanos / 1e6;
    done = begun().doneTokens();
    if (done == length) {
      close();
      times.measured(length, millis);
      spentMillis += millis;
      if (length <= longest() / 2 && spentMillis + GROWTH * millis <= budgetMillis) {
        length *= 2;
        done = 0;
      }
      millis = 0;
    }
  }

  /** The longest length that was measured. */
  @Override
  public Integer finish() {
    return length;
  }

  @Override
  public void close() {
    if (prefill != null) {
      prefill.close();
      prefill = null;
    }
  }
}
