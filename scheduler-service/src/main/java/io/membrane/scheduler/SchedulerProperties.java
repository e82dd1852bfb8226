package io.membrane.scheduler;

import io.membrane.boot.StartupProblem;
import io.membrane.scheduler.control.CongestionSettings;
import io.membrane.scheduler.control.RegimeSettings;
import io.membrane.scheduler.control.RoleSettings;
import io.membrane.scheduler.live.LiveSettings;
import io.membrane.scheduler.routing.RoutingSettings;
import io.membrane.wire.SchedulerClient;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How prompts are routed and the fleet is controlled. Every default but the threshold is OURS.
 *
 * @param fleet file that describes the fleet, as {@code POST /v1/plans} takes it; without one the
 *     paper's case study gives the threshold, and speeds, prices and roles are not known
 * @param thresholdTokens t; without one it is searched for, and searched again as lengths change
 * @param regime whether cached prefixes may cross clusters, or auto: as the headroom of each link
 *     says
 * @param profiles a worker of each cluster whose measured T_prefill(l) replaces the described one,
 *     by the cluster's name
 */
@ConfigurationProperties("membrane.scheduler")
record SchedulerProperties(
    @Nullable Path fleet,
    @Nullable Integer thresholdTokens,
    @DefaultValue("auto") RegimeChoice regime,
    @DefaultValue Map<String, URI> profiles,
    @DefaultValue Routing routing,
    @DefaultValue Congestion congestion,
    @DefaultValue Headroom headroom,
    @DefaultValue Roles roles) {

  /** The regime of every link, or auto. */
  enum RegimeChoice {
    AUTO,
    SCARCE,
    ABUNDANT
  }

  /** {@link RoutingSettings}. */
  record Routing(
      @DefaultValue("0.01") double usdPerSecond, @DefaultValue("30s") Duration maxWait) {}

  /** {@link CongestionSettings}. */
  record Congestion(
      @DefaultValue("0.9") double targetUtilisation,
      @DefaultValue("16") double queueReference,
      @DefaultValue("0.01") double lossLimit,
      @DefaultValue("0.02") double retransmitLimit,
      @DefaultValue("10s") Duration timeConstant,
      @DefaultValue("0.02") double minShare,
      @DefaultValue("5s") Duration silentAfter,
      @DefaultValue("30s") Duration release,
      @DefaultValue("30s") Duration goneAfter) {}

  /** {@link RegimeSettings}. */
  record Headroom(
      @DefaultValue("0.5") double abundant,
      @DefaultValue("60s") Duration abundantDwell,
      @DefaultValue("0.25") double scarce,
      @DefaultValue("5s") Duration scarceDwell,
      @DefaultValue("5s") Duration patience) {}

  /**
   * {@link RoleSettings}.
   *
   * @param period of long-term control
   */
  record Roles(
      @DefaultValue("60s") Duration period,
      @DefaultValue("1000") long minSamples,
      @DefaultValue("0.01") double thresholdGain,
      @DefaultValue("0.05") double roleGain,
      @DefaultValue("0.9") double highUtilisation,
      @DefaultValue("0.85") double lowUtilisation,
      @DefaultValue("2") double queuePerInstance,
      @DefaultValue("5m") Duration dwell,
      @DefaultValue("10m") Duration drainTimeout,
      @DefaultValue("10m") Duration coolDown,
      @DefaultValue("3m") Duration patience) {}

  /** Stops the start if a value cannot be meant. */
  SchedulerProperties checked() {
    if (thresholdTokens != null && thresholdTokens < 0) {
      throw new StartupProblem(
          "membrane.scheduler.threshold-tokens is " + thresholdTokens + ", a negative length",
          "Write the number of uncached tokens up to which a prompt is prefilled locally, 0 or"
              + " more, for example 19344; or remove it to have the best one searched for.");
    }
    if (roles.period.compareTo(Duration.ofSeconds(1)) < 0) {
      throw new StartupProblem(
          "membrane.scheduler.roles.period is " + roles.period.toMillis() + " ms",
          "Write a duration of at least a second, for example 60s.");
    }
    return this;
  }

  RoutingSettings routingSettings() {
    return built("routing", () -> new RoutingSettings(routing.usdPerSecond, routing.maxWait));
  }

  LiveSettings live() {
    return new LiveSettings(
        built(
            "congestion",
            () ->
                new CongestionSettings(
                    congestion.targetUtilisation,
                    congestion.queueReference,
                    congestion.lossLimit,
                    congestion.retransmitLimit,
                    congestion.timeConstant,
                    congestion.minShare,
                    congestion.silentAfter,
                    congestion.release,
                    congestion.goneAfter)),
        built(
            "headroom",
            () ->
                new RegimeSettings(
                    headroom.abundant,
                    headroom.abundantDwell,
                    headroom.scarce,
                    headroom.scarceDwell,
                    headroom.patience)),
        built(
            "roles",
            () ->
                new RoleSettings(
                    roles.minSamples,
                    roles.thresholdGain,
                    roles.roleGain,
                    roles.highUtilisation,
                    roles.lowUtilisation,
                    roles.queuePerInstance,
                    roles.dwell,
                    roles.drainTimeout,
                    roles.coolDown,
                    roles.patience)),
        switch (regime) {
          case AUTO -> null;
          case SCARCE -> SchedulerClient.Regime.SCARCE;
          case ABUNDANT -> SchedulerClient.Regime.ABUNDANT;
        });
  }

  private static <T> T built(String part, Supplier<T> settings) {
    try {
      return settings.get();
    } catch (IllegalArgumentException e) {
      throw new StartupProblem(
          "membrane.scheduler." + part + " is wrong: " + e.getMessage(),
          "Change the value that is named, or remove it to take the default.");
    }
  }
}
