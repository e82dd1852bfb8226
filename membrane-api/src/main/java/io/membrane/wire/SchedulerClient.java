package io.membrane.wire;

import io.membrane.rpc.Idempotent;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.PositiveOrZero;
import jakarta.validation.constraints.Size;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.service.annotation.PostExchange;

/** scheduler-service as other services call it. */
public interface SchedulerClient {

  /** Names of clusters and nodes: 1 to 256 printable characters, not all of them blank. */
  String NAME = "(?!\\s*+$)[^\\p{C}\\p{Zl}\\p{Zp}]{1,256}";

  /** What is said of another one. */
  String NAME_ADVICE = "must have 1 to 256 printable characters, not all of them blank";

  /** What a cluster does: prefill alone, or prefill and decode. */
  enum Role {
    PREFILL,
    PD
  }

  /** Whether a cached prefix may cross clusters. */
  enum Regime {
    SCARCE,
    ABUNDANT
  }

  /**
   * What a node of a cluster already holds and has to do.
   *
   * @param cachedTokens longest prefix of the prompt that this node holds
   * @param queuedTokens uncached tokens of the prompts that wait or run there; null counts as none
   */
  record NodeState(
      @NotNull @Pattern(regexp = NAME, message = NAME_ADVICE) String node,
      @NotNull @PositiveOrZero Integer cachedTokens,
      @Nullable @PositiveOrZero Integer queuedTokens) {}

  /**
   * What a cluster is and already holds.
   *
   * @param cachedTokens longest prefix of the prompt that this cluster holds
   * @param nodes the nodes to choose from once the cluster is chosen; null if that is not asked
   */
  record ClusterState(
      @NotNull @Pattern(regexp = NAME, message = NAME_ADVICE) String cluster,
      @NotNull Role role,
      @NotNull @PositiveOrZero Integer cachedTokens,
      @Nullable @Size(max = 1024) List<@NotNull @Valid NodeState> nodes) {}

  record RouteRequest(
      @NotNull @Positive Integer totalTokens,
      @NotEmpty @Size(max = 256) List<@NotNull @Valid ClusterState> clusters,
      @Nullable @Positive Long deadlineMs) {}

  /**
   * A cached prefix to move before the prefill.
   *
   * @param tokens length of the prefix that moves
   */
  record Transfer(String from, String to, int tokens) {}

  /** Null where nothing is known to expect it from. */
  record Expected(@Nullable Double ttftMs, @Nullable Double egressMib) {}

  /**
   * What a prompt would cost at a cluster.
   *
   * @param waitMs before its prefill starts
   * @param prefillMs its prefill
   * @param transferMs its KV over the link
   * @param ttftMs all three
   * @param gpuUsd instances for as long as they prefill it
   * @param egressUsd its KV over the link
   * @param totalUsd GPU, egress, and the time to first token at its price
   */
  record Terms(
      String cluster,
      double waitMs,
      double prefillMs,
      double transferMs,
      double ttftMs,
      double gpuUsd,
      double egressUsd,
      double totalUsd) {}

  /**
   * Where a prompt is prefilled, and why.
   *
   * @param target cluster that prefills
   * @param node node of the target; null if none was offered
   * @param thresholdTokens t of {@code scheduling.md}
   * @param effectiveThresholdTokens t as raised by congestion
   * @param incrementalTokens tokens left to compute at the target
   * @param terms what each cluster whose speed is known would cost
   * @param rule what decided, e.g. {@code length}
   * @param reason the same in words, with its numbers
   */
  record RouteResponse(
      String target,
      @Nullable String node,
      int thresholdTokens,
      int effectiveThresholdTokens,
      int incrementalTokens,
      Regime regime,
      @Nullable Transfer transfer,
      Expected expected,
      List<Terms> terms,
      String rule,
      String reason) {}

  @Idempotent
  @PostExchange("/v1/routes")
  RouteResponse route(@RequestBody RouteRequest request);
}
