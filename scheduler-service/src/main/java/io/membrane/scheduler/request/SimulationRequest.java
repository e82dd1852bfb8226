package io.membrane.scheduler.request;

import io.membrane.scheduler.simulation.Strategy;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Body of {@code POST /v1/simulations}. Every part may be left out.
 *
 * @param plan fleet and workload, as for {@code POST /v1/plans}; without it the paper's case study.
 *     If a trace is replayed and no input is given, the fleet is planned for that trace
 * @param strategies to compare under the same load; without it all that the fleet can have
 * @param arrivals without them independent ones at the plan's {@code arrival_rps}, or at {@value
 *     SimulationRequests#DEFAULT_UTILISATION} of its Λ_max
 * @param prompts without it {@code trace} for a replay and {@code workload} otherwise
 * @param requests most requests, 5,000,000 at most
 * @param durationS longest simulated time
 * @param warmUp share that is left out of the figures
 * @param shifts changes of the load, in order of time
 * @param link how every link behaves; ideal without it
 * @param cache prefix cache of each cluster; unbounded without it
 * @param control what adapts itself in {@code prfaas_pd}; everything without it
 * @param batchTokens up to how many tokens are prefilled at once; without it one by one
 * @param ttftLimitS time to first token that is good enough
 * @param seed of everything random
 */
public record SimulationRequest(
    @Nullable PlanRequest plan,
    @Nullable List<@Nullable Strategy> strategies,
    @Nullable Arriving arrivals,
    @Nullable PromptSource prompts,
    @Nullable Double requests,
    @Nullable Double durationS,
    @Nullable Double warmUp,
    @Nullable List<@Nullable Shift> shifts,
    @Nullable LinkWeather link,
    @Nullable Cache cache,
    @Nullable Control control,
    @Nullable Double batchTokens,
    @Nullable Double ttftLimitS,
    @Nullable Long seed) {

  /** Nothing given: the case study. */
  public static final SimulationRequest EMPTY =
      new SimulationRequest(
          null, null, null, null, null, null, null, null, null, null, null, null, null, null);

  /** Where the lengths of prompts come from. */
  public enum PromptSource {
    /** Drawn from the plan's input. */
    WORKLOAD,
    /** Only l_long and l_short: a load without variance. */
    CLASS_MEANS,
    /** Those of the replayed trace, with their blocks. */
    TRACE
  }

  /** Exactly one of the four. */
  public record Arriving(
      @Nullable Rate poisson,
      @Nullable Rate steady,
      @Nullable Bursting bursts,
      @Nullable Replaying replay) {}

  /** Requests per second. */
  public record Rate(@Nullable Double rps) {}

  /**
   * Two rates in turn.
   *
   * @param rps between bursts
   * @param factor how many times as fast in a burst
   * @param burstS mean length of a burst
   * @param quietS mean time between bursts
   */
  public record Bursting(
      @Nullable Double rps,
      @Nullable Double factor,
      @Nullable Double burstS,
      @Nullable Double quietS) {}

  /**
   * The arrivals of a trace.
   *
   * @param trace id of an uploaded trace
   * @param speed 1 without it
   */
  public record Replaying(@Nullable String trace, @Nullable Double speed) {}

  /** From a moment on another load; factors are 1 where they are not given. */
  public record Shift(
      @Nullable Double fromS, @Nullable Double rateFactor, @Nullable Double lengthFactor) {}

  /** How every link behaves. */
  public record LinkWeather(
      @Nullable Varying fluctuation,
      @Nullable Losing loss,
      @Nullable List<@Nullable Down> outages) {}

  /**
   * A rate that varies round its mean.
   *
   * @param cv standard deviation over mean
   * @param periodS how long a rate holds; 10 s without it
   * @param correlation from one period to the next; 0.5 without it
   */
  public record Varying(
      @Nullable Double cv, @Nullable Double periodS, @Nullable Double correlation) {}

  /** A constant share {@code rate}, or all of the others: a good and a bad state in turn. */
  public record Losing(
      @Nullable Double rate,
      @Nullable Double goodRate,
      @Nullable Double badRate,
      @Nullable Double goodS,
      @Nullable Double badS) {}

  /** A time without a link; every cluster's without a name. */
  public record Down(@Nullable String cluster, @Nullable Double fromS, @Nullable Double toS) {}

  /**
   * A prefix cache.
   *
   * @param blocks of 512 tokens; null for one that nothing leaves, 0 for none
   */
  public record Cache(@Nullable Double blocks) {}

  /**
   * What adapts itself; what is not given is on.
   *
   * @param costs whether routing weighs waits, transfers and prices
   * @param usdPerSecond what a second of time to first token is worth
   * @param maxWaitS a prompt that would wait is refused where its wait and its own prefill together
   *     are longer
   * @param congestion whether the threshold rises under congestion
   * @param regime whether cached prefixes cross links with room to spare
   * @param roles whether instances are converted between prefill and decode
   */
  public record Control(
      @Nullable Boolean costs,
      @Nullable Double usdPerSecond,
      @Nullable Double maxWaitS,
      @Nullable Boolean congestion,
      @Nullable Boolean regime,
      @Nullable Boolean roles) {}
}
