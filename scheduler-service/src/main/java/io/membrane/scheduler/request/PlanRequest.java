package io.membrane.scheduler.request;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonFormat;
import io.membrane.scheduler.search.Objective;
import io.membrane.wire.SchedulerClient.Role;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Body of {@code POST /v1/plans}. Every part may be left out: what is not given is taken from
 * {@code case-study.json}, the paper's case study. Numbers are doubles throughout, so that what is
 * not a number, or not a whole one, is refused with its place and a reason.
 *
 * @param model whose KV crosses the links
 * @param profiles kinds of instances by name, in addition to the bundled ones
 * @param clusters all of them: given, they replace the case study's
 * @param workload each of its parts may be left out too
 */
public record PlanRequest(
    @Nullable Model model,
    @Nullable Map<String, @Nullable Profile> profiles,
    @Nullable List<@Nullable Cluster> clusters,
    @Nullable Load workload,
    @Nullable Thresholds thresholds,
    @Nullable Objective objective) {

  /** Nothing given: the case study. */
  public static final PlanRequest EMPTY = new PlanRequest(null, null, null, null, null, null);

  /**
   * A bundled model by name (a JSON string), or S_kv(l) itself.
   *
   * @param name of a bundled model
   * @param kvBytes bytes over uncached tokens
   */
  public record Model(@Nullable String name, @Nullable Curve kvBytes) {

    /** Keeps what is given. */
    @JsonCreator(mode = JsonCreator.Mode.PROPERTIES)
    public Model {}

    /** A bundled model. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static Model named(String name) {
      return new Model(name, null);
    }
  }

  /**
   * Exactly one of the three.
   *
   * @param table pairs of tokens and value, tokens increasing
   * @param polynomial c₀, c₁, …
   * @param samples pairs of tokens and value as they were measured, in any order, repeated or not;
   *     the median of each length makes a table
   */
  public record Curve(
      @Nullable List<@Nullable List<@Nullable Double>> table,
      @Nullable List<@Nullable Double> polynomial,
      @Nullable List<@Nullable List<@Nullable Double>> samples) {}

  /**
   * A kind of instance.
   *
   * @param gpus P
   * @param prefillSeconds T_prefill(l); or instead
   * @param kvThroughputGbps Φ_kv(l), of which T follows with the model's S_kv(l)
   * @param decode null for one that only prefills
   * @param usdPerGpuHour one price, or 24, one for each hour in UTC
   */
  public record Profile(
      @Nullable Double gpus,
      @Nullable Curve prefillSeconds,
      @Nullable Curve kvThroughputGbps,
      @Nullable Decoding decode,
      @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY)
          @Nullable List<@Nullable Double> usdPerGpuHour) {}

  /**
   * Continuous batching.
   *
   * @param stepMs duration of a step with a full batch
   */
  public record Decoding(@Nullable Double maxBatch, @Nullable Double stepMs) {}

  /**
   * A cluster.
   *
   * @param instances counts by profile
   * @param link of a prefill cluster to the PD cluster
   */
  public record Cluster(
      @Nullable String cluster,
      @Nullable Role role,
      @Nullable Map<String, @Nullable Double> instances,
      @Nullable Link link) {}

  /** A link: what it carries, and what a GB (10⁹ bytes) over it costs. */
  public record Link(@Nullable Double gbps, @Nullable Double usdPerGb) {}

  /**
   * What the fleet is asked for.
   *
   * @param outputTokens mean
   * @param arrivalRps what really arrives, to see how full the stages are
   */
  public record Load(
      @Nullable Input input, @Nullable Double outputTokens, @Nullable Double arrivalRps) {}

  /**
   * Uncached input lengths; exactly one of the four.
   *
   * @param histogram pairs of tokens and weight
   * @param trace id of an uploaded trace
   */
  public record Input(
      @Nullable LogNormal logNormal,
      @Nullable List<@Nullable Double> lengths,
      @Nullable List<@Nullable List<@Nullable Double>> histogram,
      @Nullable String trace) {}

  /** A log-normal truncated to [min, max]. */
  public record LogNormal(
      @Nullable Double mu, @Nullable Double sigma, @Nullable Double min, @Nullable Double max) {}

  /** Thresholds to search; without them all, at single-token resolution as far as that goes. */
  public record Thresholds(@Nullable Double from, @Nullable Double to, @Nullable Double step) {}

  /** This request with the lengths of a trace in place of its own input. */
  public PlanRequest withTrace(String id) {
    Load load =
        new Load(
            new Input(null, null, null, id),
            workload == null ? null : workload.outputTokens,
            workload == null ? null : workload.arrivalRps);
    return new PlanRequest(model, profiles, clusters, load, thresholds, objective);
  }

  /** This request with what it leaves out taken from another. */
  PlanRequest over(PlanRequest base) {
    return new PlanRequest(
        model == null ? base.model : model,
        profiles == null ? base.profiles : profiles,
        clusters == null ? base.clusters : clusters,
        over(workload, base.workload),
        thresholds == null ? base.thresholds : thresholds,
        objective == null ? base.objective : objective);
  }

  /**
   * The parts of a workload. The output of a trace is the trace's own unless it is given: it is
   * left out here.
   */
  private static @Nullable Load over(@Nullable Load load, @Nullable Load base) {
    if (load == null || base == null) {
      return load == null ? base : load;
    }
    boolean traced = load.input != null && load.input.trace != null;
    return new Load(
        load.input == null ? base.input : load.input,
        load.outputTokens == null && !traced ? base.outputTokens : load.outputTokens,
        load.arrivalRps == null ? base.arrivalRps : load.arrivalRps);
  }
}
