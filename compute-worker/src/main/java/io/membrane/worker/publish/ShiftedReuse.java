package io.membrane.worker.publish;

import io.membrane.block.ContentDigest;
import io.membrane.block.Slice;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.PrefillResponse.PrefillTimings;
import io.membrane.wire.PrefillResponse.PrefilledBlock;
import io.membrane.wire.PrefillResponse.Source;
import io.membrane.wire.Shifted;
import io.membrane.wire.Shifted.ShiftedBlock;
import io.membrane.wire.Shifted.ShiftedReport;
import io.membrane.wire.Shifted.ShiftedUse;
import io.membrane.worker.batch.ComputeLane;
import io.membrane.worker.prefill.MovedBlock;
import io.membrane.worker.prefill.Prefill;
import io.membrane.worker.publish.SourceFetch.Fetched;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Answers a prefill that reuses blocks from other places. What such blocks shape is stored under a
 * chain of its own, whose {@code extra} names the recipe, so that nobody takes it for the prompt's.
 * Thread-safe; blocks until the answer is complete.
 */
final class ShiftedReuse {

  private final ServedModel served;
  private final ComputeLane<Prefill> lane;
  private final PrefixFetch prefixFetch;
  private final SourceFetch sourceFetch;
  private final BlockStore blockStore;
  private final MeterRegistry meters;

  ShiftedReuse(
      ServedModel served,
      ComputeLane<Prefill> lane,
      FragmentClient fragments,
      PrefixFetch prefixFetch,
      MeterRegistry meters) {
    this.served = served;
    this.lane = lane;
    this.prefixFetch = prefixFetch;
    this.sourceFetch = new SourceFetch(fragments, served);
    this.blockStore = new BlockStore(fragments, served);
    this.meters = meters;
  }

  /** What was fetched for a prompt, and how long that took. */
  private record Given(List<Payload> prefix, List<Fetched> sources, long nanos) {}

  /**
   * Prefills one prompt.
   *
   * @param asked blocks of the prefix that the request names, which are the prompt's
   * @param exact answers where no shifted block can be used
   * @throws MembraneException if the request is impossible, or a peer or the engine fails
   */
  PrefillResponse prefill(
      PrefillRequest request,
      Shifted shifted,
      Prompt prompt,
      int asked,
      Function<PrefillRequest, PrefillResponse> exact) {
    long start = System.nanoTime();
    requirePossible(request);
    Shifts shifts = Shifts.of(shifted, prompt, asked, served.model().positionLimit());
    List<Fetched> sources = sourceFetch.fetch(shifts.blocks());
    if (sources.stream().allMatch(source -> source.payload() == null)) {
      return exact.apply(request).with(ShiftedReports.of(shifts, sources, null));
    }
    Given given = new Given(prefixFetch.fetch(prompt, asked), sources, System.nanoTime() - start);
    ShiftedComputation computed = compute(request, prompt, shifts, given);
    Recipe recipe = Recipe.of(shifts, sources);
    Prompt named = recipe.name(prompt);
    List<Payload> made = payloads(named, given.prefix().size(), computed.blocks());
    long storeStart = System.nanoTime();
    Outcome stored =
        Boolean.FALSE.equals(request.store())
            ? Outcome.NONE
            : Patience.call(() -> blockStore.storeAll(made));
    long storeNanos = System.nanoTime() - storeStart;
    ShiftedReport report = ShiftedReports.of(shifts, sources, computed);
    count(given, report, computed, asked, stored, storeNanos);
    return new PrefillResponse(
        served.namespace().model(),
        served.namespace(),
        prompt.tokens().length(),
        given.prefix().size() * prompt.blockTokens(),
        computed.tokens(),
        blocks(given.prefix(), made, named, recipe, stored),
        prompt.chain().subList(given.prefix().size(), asked),
        computed.next(),
        served.model().device(),
        new PrefillTimings(
            millis(given.nanos()),
            millis(computed.nanos()),
            millis(storeNanos),
            millis(System.nanoTime() - start)),
        stored.position(),
        null,
        report,
        null,
        null,
        stored.reported());
  }

  private void requirePossible(PrefillRequest request) {
    if (served.model().stateLayout() != null) {
      throw new MembraneException(
          ErrorCode.IMPOSSIBLE_REQUEST,
          "the states of a hybrid model know every token before them, so none of its blocks can"
              + " stand at another place: leave out shifted");
    }
    requireAbsent("embeddings", request.embeddings());
    requireAbsent("tail", request.tail());
  }

  private static void requireAbsent(String wish, @Nullable Boolean value) {
    if (Boolean.TRUE.equals(value)) {
      throw new MembraneException(
          ErrorCode.IMPOSSIBLE_REQUEST,
          "%s can be had of an exact prefill alone: leave out %s or shifted".formatted(wish, wish));
    }
  }

  private ShiftedComputation compute(
      PrefillRequest request, Prompt prompt, Shifts shifts, Given given) {
    List<byte[]> prefix = given.prefix().stream().map(Payload::bytes).toList();
    List<MovedBlock> blocks = new ArrayList<>();
    for (int i = 0; i < shifts.blocks().size(); i++) {
      byte[] payload = given.sources().get(i).payload();
      ShiftedBlock block = shifts.blocks().get(i);
      if (payload != null) {
        blocks.add(
            new MovedBlock(
                block.tokenSpan().from(), block.sourceFrom(), payload, shifts.leastEqual(block)));
      }
    }
    boolean next = Boolean.TRUE.equals(request.nextToken());
    return lane.call(
        prompt.tokens().length(),
        () -> ShiftedComputation.run(served, prompt, prefix, blocks, shifts, next));
  }

  private List<Payload> payloads(Prompt named, int first, List<byte[]> blocks) {
    Slice slice = served.model().layout().slice();
    return IntStream.range(0, blocks.size())
        .mapToObj(i -> named.payload(first + i, slice, blocks.get(i)))
        .toList();
  }

  private List<PrefilledBlock> blocks(
      List<Payload> prefix, List<Payload> made, Prompt prompt, Recipe recipe, Outcome stored) {
    List<PrefilledBlock> blocks = new ArrayList<>();
    prefix.forEach(p -> blocks.add(block(p, p.digest(), Source.FRAGMENT)));
    for (Payload payload : made) {
      Source source = recipe.source(prompt, blocks.size());
      blocks.add(block(payload, stored.kept().get(payload.key()), source));
    }
    return blocks;
  }

  private PrefilledBlock block(Payload payload, @Nullable ContentDigest digest, Source source) {
    return new PrefilledBlock(
        payload.hash(),
        payload.parent(),
        payload.key().slice(),
        payload.span(),
        payload.bytes().length,
        digest,
        source);
  }

  private void count(
      Given given,
      ShiftedReport report,
      ShiftedComputation computed,
      int asked,
      Outcome stored,
      long storeNanos) {
    int approximate =
        report.blocks().stream()
            .filter(ShiftedUse::isApproximate)
            .mapToInt(ShiftedUse::keptTokens)
            .sum();
    tokens("fragment", given.prefix().size() * served.namespace().blockTokens());
    tokens("shifted", report.tokensKept() - approximate);
    tokens("approximate", approximate);
    tokens("prefill", computed.tokens());
    meters.counter(WorkerMetric.PREFIX_MISSING.metric()).increment(asked - given.prefix().size());
    PrefillAnswer.count(meters, stored);
    time("fetch", given.nanos());
    time("compute", computed.nanos());
    time("store", storeNanos);
  }

  private void tokens(String source, int count) {
    meters.counter(WorkerMetric.TOKENS.metric(), "source", source).increment(count);
  }

  private void time(String phase, long nanos) {
    meters.timer(WorkerMetric.PREFILL.metric(), "phase", phase).record(nanos, TimeUnit.NANOSECONDS);
  }

  private static double millis(long nanos) {
    return nanos / 1e6;
  }
}
