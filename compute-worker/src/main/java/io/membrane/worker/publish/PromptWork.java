package io.membrane.worker.publish;

import io.membrane.block.BlockHash;
import io.membrane.block.ContentDigest;
import io.membrane.block.TokenSpan;
import io.membrane.worker.batch.PrefillTimes;
import io.membrane.worker.batch.Work;
import io.membrane.worker.fetch.FetchedBlock;
import io.membrane.worker.fetch.PrefixStream;
import io.membrane.worker.prefill.Prefill;
import io.membrane.worker.prefill.StateLayout;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A prompt that goes through the engine while its reused prefix arrives and the blocks that are
 * done are stored. Its prefix is waited for; but while nothing else is to be computed, and the
 * fetch takes longer than the next chunk would, the prefix is computed from its front until that
 * meets what comes from its back.
 */
final class PromptWork implements Work<Prefill, Computation> {

  private final ServedModel served;
  private final PromptOrder order;
  private final Prompt prompt;
  private final PrefillTimes times;
  private final @Nullable Publication publication;
  private final Map<Integer, ContentDigest> digests = new ConcurrentHashMap<>();
  private volatile @Nullable PrefixStream stream;
  private volatile @Nullable Reused past;
  private @Nullable Prefill prefill;
  private volatile int done;
  private volatile int remaining;
  private volatile boolean complete;
  private int published;
  private long nanos;
  private volatile long wholeNanos;
  private boolean alone = true;

  /**
   * Work that waits.
   *
   * @param times what is told how long it took, if nothing was to be reused
   * @param publication what stores its blocks; null if they are not stored
   */
  PromptWork(
      ServedModel served,
      PromptOrder order,
      PrefillTimes times,
      @Nullable Publication publication) {
    this.served = served;
    this.order = order;
    this.prompt = order.prompt();
    this.times = times;
    this.publication = publication;
    this.remaining = prompt.tokens().length() - order.asked() * prompt.blockTokens();
  }

  @Override
  public void entered() {
    if (order.asked() == 0) {
      return;
    }
    switch (order.fetch()) {
      case PromptOrder.Fetch.Streamed streamed -> stream = streamed.begin().get();
      case PromptOrder.Fetch.Whole whole -> {
        begin(whole.fetch());
        whole.news().run();
      }
    }
  }

  private void begin(Supplier<Reused> whole) {
    long start = System.nanoTime();
    Reused given = whole.get();
    List<Payload> blocks = given.blocks();
    for (int block = 0; block < blocks.size(); block++) {
      digests.put(block, blocks.get(block).digest());
    }
    wholeNanos = System.nanoTime() - start;
    done = blocks.size() * prompt.blockTokens();
    remaining = prompt.tokens().length() - done;
    complete = remaining == 0;
    past = given;
  }

  @Override
  public Readiness readiness() {
    PrefixStream coming = stream;
    if (order.asked() == 0 || past != null) {
      return Readiness.READY;
    }
    if (coming == null) {
      return Readiness.WAITING;
    }
    if (coming.isDone() || coming.isFull()) {
      return Readiness.READY;
    }
    return isOutrun(coming) ? Readiness.IF_IDLE : Readiness.WAITING;
  }

  private boolean isOutrun(PrefixStream coming) {
    double chunkNanos = times.millis(done, done + nextTokens()) * 1e6;
    return order.fetch() instanceof PromptOrder.Fetch.Streamed streamed
        && coming.tookNanos() >= streamed.computeAfter().toNanos()
        && coming.expectedNanos() > chunkNanos;
  }

  @Override
  public void prepare() {
    PrefixStream coming = stream;
    if (coming != null) {
      Prefill into = begun();
      for (FetchedBlock block : coming.take()) {
        into.load(block.index(), block.bytes());
        if (into.isLoaded(block.index())) {
          digests.put(block.index(), block.digest());
        }
      }
      measure();
    }
  }

  private void measure() {
    Prefill begun = begun();
    PrefixStream coming = stream;
    boolean isAllThere = coming == null || coming.isDone();
    done = begun.doneTokens();
    remaining =
        isAllThere
            ? begun.remainingTokens()
            : prompt.tokens().length() - Math.max(done, order.asked() * prompt.blockTokens());
    complete = done == prompt.tokens().length();
  }

  @Override
  public boolean isDone() {
    return complete;
  }

  @Override
  public int kvTokens() {
    return prompt.tokens().length();
  }

  @Override
  public int pastTokens() {
    return prompt.tokens().length() - remaining;
  }

  @Override
  public int remainingTokens() {
    return remaining;
  }

  @Override
  public int nextTokens() {
    Reused given = past;
    int reused = given == null ? 0 : given.blocks().size();
    return served.model().chunkAfter(reused, prompt.blockTokens(), done, prompt.tokens().length());
  }

  @Override
  public Prefill next() {
    Prefill next = begun();
    PrefixStream coming = stream;
    if (coming != null) {
      coming.computed((next.doneTokens() + next.nextTokens()) / prompt.blockTokens());
    }
    return next;
  }

  private Prefill begun() {
    Prefill known = prefill;
    if (known == null) {
      long start = System.nanoTime();
      Reused given = past == null ? Reused.NOTHING : past;
      known =
          served
              .model()
              .begin(
                  prompt.tokens(),
                  given.kv(),
                  given.snapshot(),
                  prompt.blockTokens(),
                  order.embeds());
      prefill = known;
      nanos += System.nanoTime() - start;
    }
    return known;
  }

  @Override
  public void stepped(long stepNanos, boolean isAlone) {
    nanos += stepNanos;
    alone &= isAlone;
    measure();
    publish(false);
  }

  /** Hands over the blocks that are done: as many as there is room for, or all. */
  private void publish(boolean all) {
    if (publication == null) {
      return;
    }
    int full = begun().doneTokens() / prompt.blockTokens();
    for (; published < full && (all || publication.hasRoom()); published++) {
      publish(publication, begun(), published);
    }
  }

  /** The KV of a block, and then the state behind it, where they are new. */
  private void publish(Publication to, Prefill begun, int block) {
    TokenSpan span = prompt.span(block);
    if (!begun.isLoaded(block)) {
      Computation.requireFinite(served, begun.isFinite(span.from(), span.to()));
      to.add(block, served.model().layout().slice(), begun.kv(span.from(), span.to()));
    }
    byte[] state = begun.snapshots().get(block + 1);
    StateLayout layout = served.model().stateLayout();
    if (state != null && layout != null) {
      to.add(block, layout.slice(), state);
    }
  }

  @Override
  public Computation finish() {
    if (order.asked() == 0 && alone) {
      times.measured(done, nanos / 1e6);
    }
    long start = System.nanoTime();
    publish(true);
    Computation computation =
        Computation.of(served, prompt, begun(), order.nextToken(), order.embeds(), order.tail());
    return computation.took(nanos + System.nanoTime() - start);
  }

  /** What came of the fetch. */
  Fetched fetched() {
    List<BlockHash> asked = prompt.chain().subList(0, order.asked());
    PrefixStream coming = stream;
    if (coming == null) {
      List<BlockHash> missing = asked.subList(digests.size(), asked.size());
      Payload state = past == null ? null : past.state();
      return new Fetched(asked.size(), digests, state, missing, wholeNanos);
    }
    return new Fetched(
        asked.size(),
        digests,
        null,
        coming.missing().stream().mapToObj(asked::get).toList(),
        coming.tookNanos());
  }

  /** Ends the fetch, and the storing once what was handed over is stored; on any thread. */
  void release() {
    PrefixStream coming = stream;
    if (coming != null) {
      coming.close();
    }
    if (publication != null) {
      publication.close();
    }
  }

  @Override
  public void close() {
    release();
    if (prefill != null) {
      prefill.close();
      prefill = null;
    }
  }
}
