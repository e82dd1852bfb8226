package io.membrane.worker.publish;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.FragmentKey;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.block.Tokens;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.Hedging;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.NamespaceRequest;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillRequest.Prefix;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.Shifted;
import io.membrane.worker.batch.ComputeLane;
import io.membrane.worker.batch.PrefillTimes;
import io.membrane.worker.prefill.Prefill;
import io.membrane.worker.prefill.StateLayout;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Answers a prefill: names the prompt's blocks, fetches the prefix that the caller says is there,
 * computes the rest, stores the new blocks, all at the same time. Thread-safe; blocks until the
 * answer is complete.
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
  private final PrefillAnswer answers;
  private final Duration computeAfter;

  /**
   * @param windowBytes most bytes of a prompt's prefix that wait for its cache
   * @param computeAfter how long a fetch takes at least before what it brings is computed
   */
  public PromptPrefill(
      ServedModel served,
      ComputeLane<Prefill> lane,
      PrefillTimes times,
      DirectoryClient directory,
      FragmentClient fragments,
      BlockDescriptions descriptions,
      TransferBlocks transferBlocks,
      Hedging hedging,
      long windowBytes,
      Duration computeAfter,
      MeterRegistry meters) {
    this.served = served;
    this.lane = lane;
    this.times = times;
    this.directory = directory;
    this.prefixFetch = new PrefixFetch(fragments, served, windowBytes, hedging);
    StateLayout state = served.model().stateLayout();
    this.hybridFetch =
        state == null
            ? null
            : new HybridFetch(
                fragments, prefixFetch, served.model().layout().slice(), state.slice());
    this.blockStore = new BlockStore(fragments, served);
    this.descriptions = descriptions;
    this.shiftedReuse = new ShiftedReuse(served, lane, fragments, prefixFetch, meters);
    this.transferBlocks = transferBlocks;
    this.answers = new PrefillAnswer(served, transferBlocks, meters);
    this.computeAfter = computeAfter;
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
    boolean answersEmbeddings = Boolean.TRUE.equals(request.embeddings());
    PromptOrder order =
        new PromptOrder(
            prompt,
            asked.size(),
            fetch(request, prompt, asked.size()),
            Boolean.TRUE.equals(request.nextToken()),
            answersEmbeddings || (store && descriptions.areWanted()),
            tail);
    Publication publication = store ? new Publication(blockStore, prompt) : null;
    PromptWork work = new PromptWork(served, order, times, publication);
    Computation computed;
    try {
      computed = lane.run(work);
    } finally {
      work.release();
    }
    Outcome stored = publication == null ? Outcome.NONE : publication.await();
    if (store) {
      describe(prompt, computed, stored);
    }
    long storeNanos = publication == null ? 0 : publication.nanos();
    PrefillAnswer.Done done =
        new PrefillAnswer.Done(prompt, work.fetched(), computed, stored, storeNanos);
    return answers.of(done, answersEmbeddings, tail, room, start);
  }

  /** A state does not go back: the next token needs one before the prompt's last token. */
  private PromptOrder.Fetch fetch(PrefillRequest request, Prompt prompt, int asked) {
    HybridFetch hybrid = hybridFetch;
    if (hybrid == null) {
      return new PromptOrder.Fetch.Streamed(
          () -> prefixFetch.open(prompt, asked, lane::wake), computeAfter);
    }
    int before = (prompt.tokens().length() - 1) / prompt.blockTokens();
    int wanted = Boolean.TRUE.equals(request.nextToken()) ? Math.min(asked, before) : asked;
    return new PromptOrder.Fetch.Whole(() -> hybrid.fetch(prompt, wanted), lane::wake);
  }

  /** Describes the new blocks, but for those that could not be stored. */
  private void describe(Prompt prompt, Computation computed, Outcome stored) {
    Slice slice = served.model().layout().slice();
    Set<FragmentKey> unstored = Set.copyOf(stored.unstored());
    List<Integer> blocks = new ArrayList<>();
    List<float[]> embeddings = new ArrayList<>();
    for (int i = 0; i < computed.embeddings().size(); i++) {
      int block = computed.blocks().get(i);
      if (!unstored.contains(new FragmentKey(prompt.chain().get(block), slice))) {
        blocks.add(block);
        embeddings.add(computed.embeddings().get(i));
      }
    }
    descriptions.offer(prompt, blocks, embeddings);
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
}
