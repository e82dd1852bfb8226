package io.membrane.wire;

import io.membrane.rpc.Idempotent;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.PositiveOrZero;
import jakarta.validation.constraints.Size;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.service.annotation.PostExchange;

/** scheduler-service as other services call it. */
public interface SchedulerClient {

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
   * What a cluster is and already holds.
   *
   * @param cachedTokens longest prefix of the prompt that this cluster holds
   */
  record ClusterState(
      @NotBlank @Size(max = 256) String cluster,
      @NotNull Role role,
      @NotNull @PositiveOrZero Integer cachedTokens) {}

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
   * Where a prompt is prefilled, and why.
   *
   * @param target cluster that prefills
   * @param thresholdTokens t of {@code scheduling.md}
   * @param effectiveThresholdTokens t as raised by congestion
   * @param incrementalTokens tokens left to compute at the target
   * @param reason the rule that decided, with its numbers
   */
  record RouteResponse(
      String target,
      int thresholdTokens,
      int effectiveThresholdTokens,
      int incrementalTokens,
      Regime regime,
      @Nullable Transfer transfer,
      Expected expected,
      String reason) {}

  @Idempotent
  @PostExchange("/v1/routes")
  RouteResponse route(@RequestBody RouteRequest request);
}
