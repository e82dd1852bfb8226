package io.membrane.wire;

import io.membrane.block.BlockHash;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.rpc.Idempotent;
import io.membrane.wire.PrefillResponse.NextToken;
import io.membrane.wire.SchedulerClient.RouteResponse;
import io.membrane.wire.Shifted.ShiftedReport;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.Size;
import java.io.InputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.service.annotation.GetExchange;
import org.springframework.web.service.annotation.PostExchange;

/** reconstruction-service as engines and the command line call it. */
public interface ReconstructionClient {

  /** How far reuse may be trusted, {@code identity.md}. */
  enum Fidelity {
    EXACT,
    SHIFTED,
    APPROXIMATE
  }

  /** What to do with what is not stored. */
  enum OnMiss {
    PREFILL,
    REPORT
  }

  /** What the caller gets. */
  enum Deliver {
    REFERENCES,
    BYTES
  }

  /** Where the KV of a segment came from. */
  enum Source {
    FRAGMENT,
    PREFILL,
    MISSING
  }

  /**
   * How blocks are reused at other places.
   *
   * @param recomputeShare of their tokens, those that deviate most; 0 to 1; default {@link
   *     Shifted#DEFAULT_RECOMPUTE_SHARE}
   * @param measure whether the full prefill is computed as well, to say how far this is from it;
   *     default false
   */
  record ShiftedOptions(@Nullable Double recomputeShare, @Nullable Boolean measure) {}

  /**
   * Exactly one of tokens and text.
   *
   * @param reuse default {@code exact}
   * @param onMiss default {@code prefill}
   * @param deliver default {@code references}
   * @param deadlineMs time for the whole call, or null for the service's default
   * @param nextToken whether the greedy next token is wanted; default false
   * @param shifted only with {@code reuse} {@code shifted} or {@code approximate}; null for the
   *     defaults
   * @param tail whether what lies behind the last full block is wanted too: as frames behind those
   *     of the blocks with {@code deliver} {@code bytes}, else as a transfer block; default false
   */
  record ContextRequest(
      @Nullable NamespaceRequest namespace,
      @Nullable Tokens tokens,
      @Nullable @Size(max = ComputeClient.MAX_TEXT) String text,
      @Nullable @Size(max = 256) String sessionId,
      @Nullable Fidelity reuse,
      @Nullable OnMiss onMiss,
      @Nullable Deliver deliver,
      @Nullable @Positive Long deadlineMs,
      @Nullable Boolean nextToken,
      @Nullable ShiftedOptions shifted,
      @Nullable Boolean tail) {

    /** A request without options of shifted reuse, and without the tail. */
    public ContextRequest(
        @Nullable NamespaceRequest namespace,
        @Nullable Tokens tokens,
        @Nullable String text,
        @Nullable String sessionId,
        @Nullable Fidelity reuse,
        @Nullable OnMiss onMiss,
        @Nullable Deliver deliver,
        @Nullable Long deadlineMs,
        @Nullable Boolean nextToken) {
      this(
          namespace,
          tokens,
          text,
          sessionId,
          reuse,
          onMiss,
          deliver,
          deadlineMs,
          nextToken,
          null,
          null);
    }
  }

  /**
   * Tokens; the first three add up to the prompt; ratio is reused over total.
   *
   * @param shiftedTokens those of the reused that have the KV of the same tokens at another place;
   *     null for none
   * @param approximateTokens those of the reused that have KV of similar blocks; null for none
   */
  record Coverage(
      int reusedTokens,
      int prefilledTokens,
      int missingTokens,
      double ratio,
      @Nullable Integer shiftedTokens,
      @Nullable Integer approximateTokens) {

    /** Of exact reuse alone. */
    public Coverage(int reusedTokens, int prefilledTokens, int missingTokens, double ratio) {
      this(reusedTokens, prefilledTokens, missingTokens, ratio, null, null);
    }
  }

  /**
   * What was done about blocks that are similar, not equal.
   *
   * @param searchedBlocks blocks of the prompt that were looked for, the first ones
   * @param similarBlocks those of which a similar block is stored
   * @param prefetchedBlocks stored blocks that were named to be brought into memory; nobody waits
   *     for that, and it keeps to a limit
   * @param leastSimilarity from which a block counts as similar
   * @param why what came of it, or what stood in the way, in words
   */
  record ApproximateReport(
      int searchedBlocks,
      int similarBlocks,
      int prefetchedBlocks,
      double leastSimilarity,
      String why) {}

  record Location(String cluster, String node, String tier) {}

  /**
   * A run of tokens whose KV came from one source for one reason.
   *
   * @param fidelity null where nothing was reused; {@code shifted} or {@code approximate} also
   *     where KV was computed behind such blocks, whose hashes are then not the prompt's own
   * @param blockHashes full blocks of the segment, in order
   * @param why the reason, in words
   * @param costMs what the plan expected it to take; null where nothing is known to expect it from
   */
  record Segment(
      TokenSpan tokenSpan,
      Source source,
      @Nullable Fidelity fidelity,
      List<BlockHash> blockHashes,
      List<Location> locations,
      String why,
      @Nullable Double costMs) {}

  record ContextTimings(
      double hash,
      double match,
      double route,
      double fetch,
      double prefill,
      double store,
      double total) {}

  /**
   * What became of a prompt.
   *
   * @param route null where nothing had to be computed
   * @param shifted what was reused at a loss; null if nothing was
   * @param transferBlock what lies behind the last full block; null if it was not asked for,
   *     nothing lies there, or it was delivered as bytes
   * @param approximate null unless {@code reuse} {@code approximate} was asked for
   */
  record ContextResponse(
      String contextId,
      int blockTokens,
      int totalTokens,
      Coverage coverage,
      List<Segment> segments,
      @Nullable RouteResponse route,
      @Nullable NextToken nextToken,
      ContextTimings timingsMs,
      @Nullable ShiftedReport shifted,
      @Nullable TransferBlock transferBlock,
      @Nullable ApproximateReport approximate) {}

  /** What a step of a plan does. */
  enum Action {
    FETCH,
    MOVE,
    RECOMPUTE,
    LEAVE
  }

  /**
   * A run of tokens and what is to be done about it.
   *
   * @param from cluster whose bytes move to the target; null unless they do
   * @param costMs what it is expected to take; null where nothing is known to expect it from
   * @param why the reason, in words
   */
  record PlannedStep(
      Action action,
      TokenSpan tokenSpan,
      @Nullable String from,
      @Nullable Double costMs,
      String why) {}

  /**
   * What was not chosen.
   *
   * @param fetchedTokens leading tokens whose KV would be fetched; the rest would be computed
   * @param costMs what it would be expected to take
   */
  record Alternative(int fetchedTokens, double costMs) {}

  /**
   * What is done about a prompt.
   *
   * @param steps from the first token to the last
   * @param costMs what all of it is expected to take; null where nothing is known to expect it from
   * @param alternatives fetching all that there is, and nothing, unless that is the plan
   * @param reason why this and nothing else, in words
   * @param route null where nothing has to be computed
   */
  record PlanResponse(
      int blockTokens,
      int totalTokens,
      List<PlannedStep> steps,
      @Nullable Double costMs,
      List<Alternative> alternatives,
      String reason,
      @Nullable RouteResponse route) {}

  @PostExchange("/v1/contexts")
  ContextResponse context(@RequestBody ContextRequest request);

  /** As {@link ComputeClient#transferBlock}, whichever worker has it. */
  @GetExchange(value = "/v1/transfer-blocks/{id}", accept = "application/octet-stream")
  ResponseEntity<InputStream> transferBlock(@PathVariable String id);

  /** What {@link #context} would do, without doing it; places are taken at the directory's word. */
  @Idempotent
  @PostExchange("/v1/contexts/plan")
  PlanResponse plan(@RequestBody ContextRequest request);
}
