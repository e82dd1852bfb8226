package io.membrane.worker.publish;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.block.Tokens;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.NamespaceRequest;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillRequest.Prefix;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.PrefillResponse.PrefillTimings;
import io.membrane.wire.PrefillResponse.PrefilledBlock;
import io.membrane.wire.PrefillResponse.Source;
import io.membrane.wire.Shifted;
import io.membrane.wire.TransferBlock;
import io.membrane.worker.batch.ComputeLane;
import io.membrane.worker.batch.PrefillTimes;
import io.membrane.worker.prefill.Prefill;
import io.membrane.worker.prefill.StateLayout;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Answers a prefill: names the prompt's blocks, fetches the prefix that the caller says is there,
 * computes the rest, stores the new blocks. Thread-safe; blocks until the answer is complete.
 */
public final class PromptPrefill {

  private final ServedModel served;
  private final ComputeLane<Prefill> lane;
  private final PrefillTimes times;
  private final DirectoryClient directory;
  private final PrefixFetch prefixFetch;
  private final @Nullable HybridFetch hybridFetch;
  private final BlockStore blockStore;
  private final BlockDescriptions descriptions;
  private final ShiftedReuse shiftedReuse;
  private final TransferBlocks transferBlocks;
  private final MeterRegistry meters;

  public PromptPrefill(
      ServedModel served,
      ComputeLane<Prefill> lane,
      PrefillTimes times,
      DirectoryClient directory,
      FragmentClient fragments,
      BlockDescriptions descriptions,
      TransferBlocks transferBlocks,
      MeterRegistry meters) {
    this.served = served;
    this.lane = lane;
    this.times = times;
    this.directory = directory;
    this.prefixFetch = new PrefixFetch(fragments, served);
    StateLayout state = served.model().stateLayout();
    this.hybridFetch =
        state == null
            ? null
            : new HybridFetch(
                fragments, prefixFetch, served.model().layout().slice(), state.slice());
    this.blockStore = new BlockStore(fragments, served);
    this.descriptions = descriptions;
    this.shiftedReuse = new ShiftedReuse(served, lane, fragments, meters);
    this.transferBlocks = transferBlocks;
    this.meters = meters;
  }

  /**
   * Prefills one prompt for the tenant of the call.
   *
   * @throws MembraneException if the request is impossible, or a peer or the engine fails
   */
  public PrefillResponse prefill(PrefillRequest request) {
    Shifted shifted = request.shifted();
    if (shifted == null) {
      return exact(request);
    }
    served.requireNamed(request.model());
    Prompt prompt = prompt(request);
    List<BlockHash> asked = asked(request.prefix());
    prompt.requireLeading(asked);
    return shiftedReuse.prefill(request, shifted, prompt, asked.size(), this::exact);
  }

  private PrefillResponse exact(PrefillRequest request) {
    long start = System.nanoTime();
    served.requireNamed(request.model());
    Prompt prompt = prompt(request);
    List<BlockHash> asked = asked(request.prefix());
    prompt.requireLeading(asked);
    Tail tail = Boolean.TRUE.equals(request.tail()) ? Tail.of(served, prompt) : null;
    try (TransferBlocks.Room room = transferBlocks.reserve(tail == null ? 0 : tail.bytes())) {
      return prefill(request, prompt, asked, tail, room, start);
    }
  }

  private PrefillResponse prefill(
      PrefillRequest request,
      Prompt prompt,
      List<BlockHash> asked,
      @Nullable Tail tail,
      TransferBlocks.Room room,
      long start) {
    boolean store = !Boolean.FALSE.equals(request.store());
    boolean nextToken = Boolean.TRUE.equals(request.nextToken());
    boolean answersEmbeddings = Boolean.TRUE.equals(request.embeddings());
    boolean embeds = answersEmbeddings || (store && descriptions.areWanted());
    long fetchStart = System.nanoTime();
    Reused past = reused(prompt, asked.size(), nextToken);
    List<Payload> reused = past.blocks();
    long fetchNanos = System.nanoTime() - fetchStart;
    Computation computed =
        lane.run(new PromptWork(served, prompt, past, nextToken, embeds, tail, times));
    List<Payload> made = payloads(prompt, reused.size(), computed.blocks());
    List<Payload> states = states(prompt, computed);
    long storeStart = System.nanoTime();
    BlockStore.Outcome stored =
        store ? blockStore.store(made, states) : new BlockStore.Outcome(Set.of(), null);
    long storeNanos = System.nanoTime() - storeStart;
    if (store) {
      descriptions.offer(prompt, made, computed.embeddings());
    }

    List<PrefilledBlock> blocks = new ArrayList<>();
    reused.forEach(payload -> blocks.add(block(payload, payload.digest(), Source.FRAGMENT, null)));
    for (int i = 0; i < made.size(); i++) {
      Payload payload = made.get(i);
      boolean kept = store && !stored.conflicts().contains(payload.key());
      float[] embedding =
          answersEmbeddings
              ? Computation.requireFinite(served, computed.embeddings().get(i))
              : null;
      blocks.add(block(payload, kept ? payload.digest() : null, Source.PREFILL, embedding));
    }
    List<BlockHash> missing = asked.subList(reused.size(), asked.size());
    int reusedTokens = reused.size() * prompt.blockTokens();
    count(reusedTokens, computed.tokens(), missing.size(), stored.conflicts().size());
    record("fetch", fetchNanos);
    record("compute", computed.nanos());
    record("store", storeNanos);
    return new PrefillResponse(
        served.namespace().model(),
        served.namespace(),
        prompt.tokens().length(),
        reusedTokens,
        computed.tokens(),
        blocks,
        missing,
        computed.next(),
        served.model().device(),
        new PrefillTimings(
            millis(fetchNanos),
            millis(computed.nanos()),
            millis(storeNanos),
            millis(System.nanoTime() - start)),
        stored.logPosition(),
        null,
        null,
        hybridFetch == null ? null : states(past, states, store ? stored.conflicts() : null),
        transferBlock(tail, computed, room));
  }

  private @Nullable TransferBlock transferBlock(
      @Nullable Tail tail, Computation computed, TransferBlocks.Room room) {
    return tail == null || computed.tail() == null
        ? null
        : tail.named(room.hold(computed.tail()), computed.tail(), transferBlocks.life().toMillis());
  }

  /** A state does not go back: the next token needs one before the prompt's last token. */
  private Reused reused(Prompt prompt, int asked, boolean nextToken) {
    if (hybridFetch == null) {
      return new Reused(prefixFetch.fetch(prompt, asked), null);
    }
    int before = (prompt.tokens().length() - 1) / prompt.blockTokens();
    return hybridFetch.fetch(prompt, nextToken ? Math.min(asked, before) : asked);
  }

  private List<Payload> states(Prompt prompt, Computation computed) {
    StateLayout layout = served.model().stateLayout();
    return layout == null
        ? List.of()
        : computed.states().entrySet().stream()
            .map(state -> prompt.payload(state.getKey() - 1, layout.slice(), state.getValue()))
            .toList();
  }

  /**
   * The reused state and the new ones.
   *
   * @param conflicts those that the store keeps other bytes of; null if none was stored
   */
  private static List<PrefilledBlock> states(
      Reused past, List<Payload> made, @Nullable Set<FragmentKey> conflicts) {
    List<PrefilledBlock> states = new ArrayList<>();
    if (past.state() != null) {
      states.add(block(past.state(), past.state().digest(), Source.FRAGMENT, null));
    }
    for (Payload state : made) {
      boolean kept = conflicts != null && !conflicts.contains(state.key());
      states.add(block(state, kept ? state.digest() : null, Source.PREFILL, null));
    }
    return states;
  }

  private Prompt prompt(PrefillRequest request) {
    Tokens tokens = tokens(request.tokens(), request.text());
    served.requireComputable(tokens);
    Namespace namespace = served.namespace();
    BlockHash root = directory.resolve(NamespaceRequest.of(namespace)).root();
    return new Prompt(
        tokens,
        namespace.blockTokens(),
        root,
        BlockHasher.chain(root, namespace.blockTokens(), tokens));
  }

  private Tokens tokens(@Nullable Tokens tokens, @Nullable String text) {
    if (tokens != null && text == null) {
      return tokens;
    }
    if (text != null && tokens == null) {
      return served.tokenizer().encode(text, true);
    }
    throw new MembraneException(
        ErrorCode.MALFORMED_REQUEST, "a prompt is either tokens or text: give exactly one");
  }

  private static List<BlockHash> asked(@Nullable Prefix prefix) {
    return prefix == null ? List.of() : prefix.blockHashes();
  }

  private List<Payload> payloads(Prompt prompt, int first, List<byte[]> blocks) {
    Slice slice = served.model().layout().slice();
    List<Payload> payloads = new ArrayList<>(blocks.size());
    for (int i = 0; i < blocks.size(); i++) {
      payloads.add(prompt.payload(first + i, slice, blocks.get(i)));
    }
    return payloads;
  }

  private static PrefilledBlock block(
      Payload payload,
      @Nullable ContentDigest digest,
      Source source,
      float @Nullable [] embedding) {
    return new PrefilledBlock(
        payload.hash(),
        payload.parent(),
        payload.key().slice(),
        payload.span(),
        payload.bytes().length,
        digest,
        source,
        embedding);
  }

  private void count(int reused, int computed, int missing, int conflicts) {
    meters.counter(WorkerMetric.TOKENS.metric(), "source", "fragment").increment(reused);
    meters.counter(WorkerMetric.TOKENS.metric(), "source", "prefill").increment(computed);
    meters.counter(WorkerMetric.PREFIX_MISSING.metric()).increment(missing);
    meters.counter(WorkerMetric.CONFLICTS.metric()).increment(conflicts);
  }

  private void record(String phase, long nanos) {
    meters.timer(WorkerMetric.PREFILL.metric(), "phase", phase).record(nanos, TimeUnit.NANOSECONDS);
  }

  private static double millis(long nanos) {
    return nanos / 1e6;
  }
}
