package io.membrane.worker.publish;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.rpc.ErrorCode;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.PrefillResponse.PrefillTimings;
import io.membrane.wire.PrefillResponse.PrefilledBlock;
import io.membrane.wire.PrefillResponse.Source;
import io.membrane.wire.TransferBlock;
import io.membrane.worker.prefill.StateLayout;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Says, and counts, what a prefill did. Thread-safe. */
final class PrefillAnswer {

  /**
   * What was done for a prompt.
   *
   * @param storeNanos time in the store's calls
   */
  record Done(
      Prompt prompt, Fetched fetched, Computation computed, Outcome stored, long storeNanos) {

    int reusedTokens() {
      return fetched.digests().size() * prompt.blockTokens();
    }
  }

  private final ServedModel served;
  private final TransferBlocks transferBlocks;
  private final MeterRegistry meters;

  PrefillAnswer(ServedModel served, TransferBlocks transferBlocks, MeterRegistry meters) {
    this.served = served;
    this.transferBlocks = transferBlocks;
    this.meters = meters;
    meters.counter(
        WorkerMetric.UNSTORED.metric(), "reason", ErrorCode.DEPENDENCY_UNAVAILABLE.code());
  }

  /**
   * The answer to the caller.
   *
   * @param embeddings whether it has embeddings
   * @param tail what was wanted of it, for which there is {@code room}
   * @param start {@link System#nanoTime()} at which the prefill began
   */
  PrefillResponse of(
      Done done, boolean embeddings, @Nullable Tail tail, TransferBlocks.Room room, long start) {
    List<PrefilledBlock> blocks = blocks(done, embeddings);
    count(done);
    Fetched fetched = done.fetched();
    Computation computed = done.computed();
    return new PrefillResponse(
        served.namespace().model(),
        served.namespace(),
        done.prompt().tokens().length(),
        done.reusedTokens(),
        computed.tokens(),
        blocks,
        fetched.missing(),
        computed.next(),
        served.model().device(),
        new PrefillTimings(
            millis(fetched.nanos()),
            millis(computed.nanos()),
            millis(done.storeNanos()),
            millis(System.nanoTime() - start)),
        done.stored().position(),
        null,
        null,
        states(done),
        transferBlock(tail, computed, room),
        done.stored().reported());
  }

  /** Holds a tail that was computed for whoever fetches it. */
  private @Nullable TransferBlock transferBlock(
      @Nullable Tail tail, Computation computed, TransferBlocks.Room room) {
    return tail == null || computed.tail() == null
        ? null
        : tail.named(room.hold(computed.tail()), computed.tail(), transferBlocks.life().toMillis());
  }

  private List<PrefilledBlock> blocks(Done done, boolean embeddings) {
    Slice slice = served.model().layout().slice();
    List<PrefilledBlock> blocks = new ArrayList<>();
    int next = 0;
    for (int block = 0; block < done.prompt().chain().size(); block++) {
      ContentDigest digest = done.fetched().digests().get(block);
      if (digest != null) {
        blocks.add(block(done.prompt(), block, slice, digest, Source.FRAGMENT, null));
        continue;
      }
      float[] embedding =
          embeddings
              ? Computation.requireFinite(served, done.computed().embeddings().get(next))
              : null;
      next++;
      ContentDigest kept = kept(done, block, slice);
      blocks.add(block(done.prompt(), block, slice, kept, Source.PREFILL, embedding));
    }
    return blocks;
  }

  /** The reused state and the new ones; null for a model without. */
  private @Nullable List<PrefilledBlock> states(Done done) {
    StateLayout layout = served.model().stateLayout();
    if (layout == null) {
      return null;
    }
    Slice slice = layout.slice();
    List<PrefilledBlock> states = new ArrayList<>();
    Payload reused = done.fetched().state();
    if (reused != null) {
      int block = reused.span().from() / done.prompt().blockTokens();
      states.add(block(done.prompt(), block, slice, reused.digest(), Source.FRAGMENT, null));
    }
    for (int block : done.computed().states()) {
      ContentDigest kept = kept(done, block, slice);
      states.add(block(done.prompt(), block, slice, kept, Source.PREFILL, null));
    }
    return states;
  }

  private static @Nullable ContentDigest kept(Done done, int block, Slice slice) {
    return done.stored().kept().get(new FragmentKey(done.prompt().chain().get(block), slice));
  }

  private PrefilledBlock block(
      Prompt prompt,
      int block,
      Slice slice,
      @Nullable ContentDigest digest,
      Source source,
      float @Nullable [] embedding) {
    return new PrefilledBlock(
        prompt.chain().get(block),
        prompt.parent(block),
        slice,
        prompt.span(block),
        served.bytes(slice),
        digest,
        source,
        embedding);
  }

  private void count(Done done) {
    Fetched fetched = done.fetched();
    int outrun = fetched.asked() - fetched.digests().size() - fetched.missing().size();
    meters
        .counter(WorkerMetric.TOKENS.metric(), "source", "fragment")
        .increment(done.reusedTokens());
    meters
        .counter(WorkerMetric.TOKENS.metric(), "source", "prefill")
        .increment(done.computed().tokens());
    meters.counter(WorkerMetric.PREFIX_MISSING.metric()).increment(fetched.missing().size());
    meters.counter(WorkerMetric.OUTRUN.metric()).increment(outrun);
    count(meters, done.stored());
    record("fetch", fetched.nanos());
    record("compute", done.computed().nanos());
    record("store", done.storeNanos());
  }

  /** Counts what the store did not take. */
  static void count(MeterRegistry meters, Outcome stored) {
    meters.counter(WorkerMetric.CONFLICTS.metric()).increment(stored.conflicts());
    if (stored.failure() != null) {
      meters
          .counter(WorkerMetric.UNSTORED.metric(), "reason", stored.failure().code().code())
          .increment(stored.unstored().size());
    }
  }

  private void record(String phase, long nanos) {
    meters.timer(WorkerMetric.PREFILL.metric(), "phase", phase).record(nanos, TimeUnit.NANOSECONDS);
  }

  private static double millis(long nanos) {
    return nanos / 1e6;
  }
}
