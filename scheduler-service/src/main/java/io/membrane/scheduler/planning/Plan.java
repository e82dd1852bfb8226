package io.membrane.scheduler.planning;

import io.membrane.scheduler.search.Configuration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a {@link PlanInput}. Rates are in requests per second (rps), links in Gbps (10⁹
 * bits per second), times in seconds, money in USD.
 *
 * @param bindingStage the first stage that limits Λ_max
 * @param headroom what each stage allows
 * @param sensitivity the best configuration under thinner links; empty without a prefill cluster
 * @param advice changes of the fleet, best first
 * @param cost null if no price was given
 * @param atArrivalRate null if no arrival rate was given
 * @param curve pairs of threshold and Λ at the best split
 * @param notes what these figures do not say
 * @param reproduction the paper's figures beside ours; null unless this is its case study
 */
public record Plan(
    Figures best,
    Baselines baselines,
    Ratios ratios,
    Stage bindingStage,
    List<StageLoad> headroom,
    List<Sensitivity> sensitivity,
    List<Advice> advice,
    @Nullable Cost cost,
    @Nullable AtRate atArrivalRate,
    List<List<Number>> curve,
    List<String> notes,
    @Nullable List<Reproduced> reproduction) {

  /** Copies the lists. */
  public Plan {
    headroom = List.copyOf(headroom);
    sensitivity = List.copyOf(sensitivity);
    advice = List.copyOf(advice);
    curve = List.copyOf(curve);
    notes = List.copyOf(notes);
    reproduction = reproduction == null ? null : List.copyOf(reproduction);
  }

  /**
   * Plans.
   *
   * @throws IllegalArgumentException if the fleet cannot serve a single request, saying why
   */
  public static Plan of(PlanInput input) {
    return of(input, () -> {});
  }

  /**
   * Plans as long as somebody waits for it.
   *
   * @param checkpoint called on this thread every few milliseconds; what it throws ends the plan
   * @throws IllegalArgumentException if the fleet cannot serve a single request, saying why
   */
  public static Plan of(PlanInput input, Runnable checkpoint) {
    return new Planner(input, checkpoint).plan();
  }

  /**
   * The configuration that a plan would call best, and nothing else of it.
   *
   * @param checkpoint as for {@link #of(PlanInput, Runnable)}
   * @throws IllegalArgumentException as there
   */
  public static Configuration best(PlanInput input, Runnable checkpoint) {
    return new Planner(input, checkpoint).best();
  }

  /**
   * A configuration and what the model says of it.
   *
   * @param nPrefill instances of all prefill clusters
   * @param thetaPrefillRps Θ_prfaas
   * @param thetaPdPRps Θ_pd-p
   * @param thetaPdDRps Θ_pd-d
   * @param ttftMeanS without queues
   * @param ttftP90S without queues
   * @param prefillByProfile instances of each kind in the PD cluster that prefill
   * @param usdPerMillionRequests at Λ_max; null if no price was given
   */
  public record Figures(
      int thresholdTokens,
      int nPrefill,
      int nP,
      int nD,
      double thetaPrefillRps,
      double thetaPdPRps,
      double thetaPdDRps,
      double lambdaMaxRps,
      double ttftMeanS,
      double ttftP90S,
      double egressGbps,
      double offloadedFraction,
      Map<String, Integer> prefillByProfile,
      @Nullable Double usdPerMillionRequests) {}

  /**
   * What one would build otherwise.
   *
   * @param homogeneousPd as many instances as the whole fleet has, all of the PD cluster's most
   *     numerous decoding kind, best split; null if they cannot serve
   * @param naiveHeterogeneousPd everything is prefilled at the prefill clusters and the whole PD
   *     cluster decodes; null without a prefill cluster
   */
  public record Baselines(
      @Nullable Figures homogeneousPd, @Nullable Figures naiveHeterogeneousPd) {}

  /** Λ_max against Λ_max; null where there is no such baseline. */
  public record Ratios(
      @Nullable Double bestToHomogeneousPd,
      @Nullable Double bestToNaiveHeterogeneousPd,
      @Nullable Double naiveHeterogeneousPdToHomogeneousPd) {}

  /**
   * What a stage allows.
   *
   * @param cluster null for a stage of the PD cluster
   * @param limitRps Λ at which it is full; null if it serves nobody
   * @param utilisation at Λ_max, 0 to 1
   * @param headroom 1 − utilisation
   * @param binds whether it is full at Λ_max, within a thousandth
   */
  public record StageLoad(
      Stage stage,
      @Nullable String cluster,
      @Nullable Double limitRps,
      double utilisation,
      double headroom,
      boolean binds) {}

  /**
   * The best configuration with all links scaled.
   *
   * @param linkGbps all links together
   */
  public record Sensitivity(
      double factor,
      double linkGbps,
      double lambdaMaxRps,
      int thresholdTokens,
      int nP,
      int nD,
      double egressGbps,
      Stage bindingStage) {}

  /** Kinds of change. */
  public enum Change {
    ADD_INSTANCE,
    REMOVE_INSTANCE,
    REPLACE_INSTANCE,
    WIDEN_LINK
  }

  /**
   * A change of the fleet, searched anew.
   *
   * @param profile kind of the instance that comes, or goes; null for a link
   * @param linkGbps the link afterwards; null for an instance
   * @param usdPerMillionRequests at the new Λ_max; null if no price was given
   * @param extraUsdPerHour for instances; null for links, or if no price was given
   */
  public record Advice(
      Change change,
      String cluster,
      @Nullable String profile,
      @Nullable Double linkGbps,
      String text,
      double lambdaMaxRps,
      double gainRps,
      double gainRatio,
      @Nullable Double usdPerMillionRequests,
      @Nullable Double extraUsdPerHour) {}

  /**
   * What the fleet costs at Λ_max.
   *
   * @param usdPerHour instances, mean over the day
   * @param usdPerMillionRequests instances and egress
   * @param egressShare of {@code usdPerMillionRequests}
   */
  public record Cost(
      double usdPerHour,
      double usdPerMillionRequests,
      double egressUsdPerMillionRequests,
      double egressShare,
      HourCost cheapestHour,
      HourCost dearestHour) {}

  /** Prices of an hour of the day. */
  public record HourCost(int hourUtc, double usdPerHour, double usdPerMillionRequests) {}

  /**
   * The best configuration under the load that it really gets.
   *
   * @param usdPerMillionRequests null if no price was given or the rate is above Λ_max
   */
  public record AtRate(
      double arrivalRps,
      boolean sustainable,
      List<StageUse> stages,
      @Nullable Double usdPerMillionRequests,
      String text) {}

  /**
   * How much of a stage is used.
   *
   * @param utilisation above 1 where requests pile up
   */
  public record StageUse(Stage stage, @Nullable String cluster, double utilisation) {}

  /** Where a figure of ours comes from. */
  public enum Basis {
    /** An input that the paper states. */
    GIVEN,
    /** Depends on a constant that was calibrated on this very table: no evidence. */
    FITTED,
    /** Follows from the model and from inputs other than this figure. */
    PREDICTED
  }

  /**
   * A published figure beside ours.
   *
   * @param deviation ours / paper − 1
   * @param tolerance that the tests hold; 0 for whole numbers
   */
  public record Reproduced(
      String configuration,
      String figure,
      double paper,
      double ours,
      double deviation,
      double tolerance,
      Basis basis) {}
}
