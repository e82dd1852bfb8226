package io.membrane.wire;

import io.membrane.block.BlockHash;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.wire.ComputeClient.NextToken;
import io.membrane.wire.SchedulerClient.RouteResponse;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.Size;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.RequestBody;
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
   * Exactly one of tokens and text.
   *
   * @param reuse default {@code exact}
   * @param onMiss default {@code prefill}
   * @param deliver default {@code references}
   * @param deadlineMs time for the whole call, or null for the service's default
   * @param nextToken whether the greedy next token is wanted; default false
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
      @Nullable Boolean nextToken) {}

  /** Tokens; the first three add up to the prompt; ratio is reused over total. */
  record Coverage(int reusedTokens, int prefilledTokens, int missingTokens, double ratio) {}

  record Location(String cluster, String node, String tier) {}

  /**
   * A run of tokens whose KV came from one source for one reason.
   *
   * @param fidelity null where nothing was reused
   * @param blockHashes full blocks of the segment, in order
   * @param why the reason, in words
   */
  record Segment(
      TokenSpan tokenSpan,
      Source source,
      @Nullable Fidelity fidelity,
      List<BlockHash> blockHashes,
      List<Location> locations,
      String why) {}

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
   */
  record ContextResponse(
      String contextId,
      int blockTokens,
      int totalTokens,
      Coverage coverage,
      List<Segment> segments,
      @Nullable RouteResponse route,
      @Nullable NextToken nextToken,
      ContextTimings timingsMs) {}

  @PostExchange("/v1/contexts")
  ContextResponse context(@RequestBody ContextRequest request);
}
