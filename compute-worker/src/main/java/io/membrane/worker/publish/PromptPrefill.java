package io.membrane.worker.publish;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.ContentDigest;
import io.membrane.block.Namespace;
import io.membrane.block.Tokens;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.ComputeClient.PrefillRequest;
import io.membrane.wire.ComputeClient.PrefillResponse;
import io.membrane.wire.ComputeClient.PrefillTimings;
import io.membrane.wire.ComputeClient.PrefilledBlock;
import io.membrane.wire.ComputeClient.Prefix;
import io.membrane.wire.ComputeClient.Shifted;
import io.membrane.wire.ComputeClient.Source;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.NamespaceRequest;
import io.membrane.worker.batch.ComputeLane;
import io.membrane.worker.batch.PrefillTimes;
import io.membrane.worker.prefill.Prefill;
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
  private final BlockStore blockStore;
  private final BlockDescriptions descriptions;
  private final ShiftedReuse shiftedReuse;
  private final MeterRegistry meters;

  public PromptPrefill(
      ServedModel served,
      ComputeLane<Prefill> lane,
      PrefillTimes times,
      DirectoryClient directory,
      FragmentClient fragments,
      BlockDescriptions descriptions,
      MeterRegistry meters) {
    this.served = served;
    this.lane = lane;
    this.times = times;
    this.directory = directory;
    this.prefixFetch = new PrefixFetch(fragments, served);
    this.blockStore = new BlockStore(fragments, served);
    this.descriptions = descriptions;
    this.shiftedReuse = new ShiftedReuse(served, lane, fragments, meters);
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
    boolean store = !Boolean.FALSE.equals(request.store());
    boolean nextToken = Boolean.TRUE.equals(request.nextToken());
    boolean answersEmbeddings = Boolean.TRUE.equals(request.embeddings());
    boolean embeds = answersEmbeddings || (store && descriptions.areWanted());
    Prompt prompt = prompt(request);
    List<BlockHash> asked = asked(request.prefix());
    prompt.requireLeading(asked);

    long fetchStart = System.nanoTime();
    List<Payload> reused = prefixFetch.fetch(prompt, asked.size());
    long fetchNanos = System.nanoTime() - fetchStart;
    List<byte[]> prefix = reused.stream().map(Payload::bytes).toList();
    Computation computed =
        lane.run(new PromptWork(served, prompt, prefix, nextToken, embeds, times));
    List<Payload> made = payloads(prompt, reused.size(), computed.blocks());
    long storeStart = System.nanoTime();
    BlockStore.Outcome stored =
        store ? blockStore.store(made) : new BlockStore.Outcome(Set.of(), null);
    long storeNanos = System.nanoTime() - storeStart;
    if (store) {
      descriptions.offer(prompt, made, computed.embeddings());
    }

    List<PrefilledBlock> blocks = new ArrayList<>();
    reused.forEach(payload -> blocks.add(block(payload, payload.digest(), Source.FRAGMENT, null)));
    for (int i = 0; i < made.size(); i++) {
      Payload payload = made.get(i);
      boolean kept = store && !stored.conflicts().contains(blockStore.key(payload));
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
        stored.logPosition());
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

  private static List<Payload> payloads(Prompt prompt, int first, List<byte[]> blocks) {
    List<Payload> payloads = new ArrayList<>(blocks.size());
    for (int i = 0; i < blocks.size(); i++) {
      int block = first + i;
      payloads.add(
          new Payload(
              prompt.chain().get(block), prompt.parent(block), prompt.span(block), blocks.get(i)));
    }
    return payloads;
  }

  private PrefilledBlock block(
      Payload payload,
      @Nullable ContentDigest digest,
      Source source,
      float @Nullable [] embedding) {
    return new PrefilledBlock(
        payload.hash(),
        payload.parent(),
        served.model().layout().slice(),
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
