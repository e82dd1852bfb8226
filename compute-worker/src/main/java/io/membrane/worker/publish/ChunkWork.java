package io.membrane.worker.publish;

import io.membrane.block.Tokens;
import io.membrane.worker.batch.Work;
import io.membrane.worker.prefill.Prefill;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The inputs of an embedding request, which go through the engine one after the other. */
final class ChunkWork implements Work<Prefill, List<float[]>> {

  private final ServedModel served;
  private final List<Tokens> chunks;
  private final List<float[]> embeddings = new ArrayList<>();
  private @Nullable Prefill prefill;
  private volatile int remaining;
  private volatile int past;
  private volatile int current;
  private long nanos;

  ChunkWork(ServedModel served, List<Tokens> chunks) {
    this.served = served;
    this.chunks = chunks;
    this.remaining = chunks.stream().mapToInt(Tokens::length).sum();
  }

  @Override
  public int kvTokens() {
    return chunks.stream().mapToInt(Tokens::length).max().orElse(0);
  }

  @Override
  public int pastTokens() {
    return past;
  }

  @Override
  public int remainingTokens() {
    return remaining;
  }

  @Override
  public int nextTokens() {
    int at = Math.min(current, chunks.size() - 1);
    return served.model().chunkAfter(past, chunks.get(at).length());
  }

  @Override
  public Prefill next() {
    return begun();
  }

  private Prefill begun() {
    Prefill known = prefill;
    if (known == null) {
      Tokens chunk = chunks.get(current);
      known = served.model().begin(chunk, List.of(), chunk.length(), true);
      prefill = known;
    }
    return known;
  }

  @Override
  public void stepped(long stepNanos, boolean alone) {
    nanos += stepNanos;
    Prefill stepped = begun();
    int left = remaining - (stepped.doneTokens() - past);
    remaining = left;
    past = stepped.doneTokens();
    if (past == chunks.get(current).length()) {
      embeddings.add(Computation.requireFinite(served, stepped.embedding(0)));
      close();
      past = 0;
      int following = current + 1;
      current = following;
    }
  }

  /** Time in the engine so far, in nanoseconds. */
  long nanos() {
    return nanos;
  }

  @Override
  public List<float[]> finish() {
    return embeddings;
  }

  @Override
  public void close() {
    if (prefill != null) {
      prefill.close();
      prefill = null;
    }
  }
}
