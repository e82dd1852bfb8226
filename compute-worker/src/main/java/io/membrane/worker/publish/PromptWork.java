package io.membrane.worker.publish;

import io.membrane.worker.batch.PrefillTimes;
import io.membrane.worker.batch.Work;
import io.membrane.worker.prefill.Prefill;
import org.jspecify.annotations.Nullable;

/** A prompt that goes through the engine behind its reused prefix. */
final class PromptWork implements Work<Prefill, Computation> {

  private final ServedModel served;
  private final Prompt prompt;
  private final Reused reused;
  private final boolean nextToken;
  private final boolean embeds;
  private final @Nullable Tail tail;
  private final PrefillTimes times;
  private @Nullable Prefill prefill;
  private volatile int done;
  private long nanos;
  private boolean alone = true;

  /**
   * Work that waits.
   *
   * @param reused what it begins behind
   * @param tail what is wanted of the tokens behind the last full block; null for nothing
   * @param times what is told how long it took, if nothing was reused
   */
  PromptWork(
      ServedModel served,
      Prompt prompt,
      Reused reused,
      boolean nextToken,
      boolean embeds,
      @Nullable Tail tail,
      PrefillTimes times) {
    this.served = served;
    this.prompt = prompt;
    this.reused = reused;
    this.nextToken = nextToken;
    this.embeds = embeds;
    this.tail = tail;
    this.times = times;
    this.done = reused.blocks().size() * prompt.blockTokens();
  }

  @Override
  public int kvTokens() {
    return prompt.tokens().length();
  }

  @Override
  public int pastTokens() {
    return done;
  }

  @Override
  public int remainingTokens() {
    return prompt.tokens().length() - done;
  }

  @Override
  public int nextTokens() {
    return served
        .model()
        .chunkAfter(reused.blocks().size(), prompt.blockTokens(), done, prompt.tokens().length());
  }

  @Override
  public Prefill next() {
    return begun();
  }

  private Prefill begun() {
    Prefill known = prefill;
    if (known == null) {
      long start = System.nanoTime();
      known =
          served
              .model()
              .begin(prompt.tokens(), reused.kv(), reused.snapshot(), prompt.blockTokens(), embeds);
      prefill = known;
      nanos += System.nanoTime() - start;
    }
    return known;
  }

  @Override
  public void stepped(long stepNanos, boolean isAlone) {
    nanos += stepNanos;
    alone &= isAlone;
    done = begun().doneTokens();
  }

  @Override
  public Computation finish() {
    if (reused.blocks().isEmpty() && alone) {
      times.measured(done, nanos / 1e6);
    }
    long start = System.nanoTime();
    Computation computation = Computation.of(served, prompt, begun(), nextToken, embeds, tail);
    return computation.took(nanos + System.nanoTime() - start);
  }

  @Override
  public void close() {
    if (prefill != null) {
      prefill.close();
    }
  }
}
