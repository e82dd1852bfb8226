package io.membrane.scheduler.request;

import io.membrane.scheduler.planning.PlanInput;
import io.membrane.scheduler.request.Bundle.BundledModel;
import io.membrane.scheduler.request.PlanRequest.Input;
import io.membrane.scheduler.request.PlanRequest.Load;
import io.membrane.scheduler.request.PlanRequest.LogNormal;
import io.membrane.scheduler.request.PlanRequest.Model;
import io.membrane.scheduler.request.PlanRequest.Thresholds;
import io.membrane.scheduler.search.Objective;
import io.membrane.scheduler.search.ThresholdRange;
import io.membrane.scheduler.simulation.traffic.Trace;
import io.membrane.scheduler.throughput.EmpiricalLengths;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.LengthCurve;
import io.membrane.scheduler.throughput.Lengths;
import io.membrane.scheduler.throughput.LogNormalLengths;
import io.membrane.scheduler.throughput.Workload;
import io.membrane.scheduler.trace.IncrementalLengths;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Turns requests into what the planner understands. What is well-formed but impossible is refused
 * with {@code impossible_request}, its place in the JSON and what to write instead.
 */
public final class PlanRequests {

  static final int MAX_LENGTHS = 1_000_000;
  private static final int MAX_TOKENS = 100_000_000;

  private PlanRequests() {}

  /**
   * What a request asks for.
   *
   * @param given the body; null for none
   * @param traces those that the caller may name
   */
  public static PlanInput resolve(@Nullable PlanRequest given, Traces traces) {
    PlanRequest study = Bundle.caseStudy();
    PlanRequest request = given == null ? study : given.over(study);
    BundledModel model = bundledModel(request);
    LengthCurve kvBytes = kvBytes(request, model);
    Clusters clusters = new Clusters(request, kvBytes, model == null ? null : model.name());
    Fleet fleet = clusters.fleet();
    Load load = Place.ROOT.field("workload").required(request.workload(), "write a workload");
    Trace trace = trace(load, traces);
    Workload workload = workload(load, trace);
    clusters.check(workload.input());
    Objective objective = request.objective() == null ? Objective.THROUGHPUT : request.objective();
    if (objective == Objective.COST && !clusters.gpusPriced()) {
      throw Place.ROOT
          .field("objective")
          .impossible(
              "the cheapest configuration needs prices; give the profiles usd_per_gpu_hour");
    }
    Place rate = Place.ROOT.field("workload").field("arrival_rps");
    Double arrival =
        load.arrivalRps() == null
            ? null
            : rate.number(load.arrivalRps(), 1e-9, 1e9, "write requests per second, above 0");
    return new PlanInput(
        fleet,
        workload,
        thresholds(request.thresholds(), workload.input()),
        objective,
        clusters.priced(),
        arrival,
        isCaseStudy(request, study),
        notes(clusters, workload.input(), trace));
  }

  private static List<String> notes(Clusters clusters, Lengths lengths, @Nullable Trace trace) {
    List<String> notes = new ArrayList<>(clusters.notes(lengths));
    if (trace != null && trace.sorted()) {
      notes.add("the trace was not in order of arrival; its requests were sorted by time");
    }
    return notes;
  }

  private static boolean isCaseStudy(PlanRequest request, PlanRequest study) {
    Load load = request.workload();
    Load published = study.workload();
    return load != null
        && published != null
        && new PlanRequest(
                request.model(),
                request.profiles(),
                request.clusters(),
                new Load(load.input(), load.outputTokens(), published.arrivalRps()),
                request.thresholds(),
                request.objective())
            .equals(study);
  }

  private static @Nullable BundledModel bundledModel(PlanRequest request) {
    Place place = Place.ROOT.field("model");
    Model model = place.required(request.model(), "name a bundled model or give kv_bytes");
    if (model.name() == null) {
      return null;
    }
    String name = model.name();
    return Bundle.bundled()
        .model(name)
        .orElseThrow(() ->
            place.impossible(
                "'%s' is not a bundled model (%s); name one of them, or give {\"kv_bytes\": …}"
                    .formatted(brief(name), Bundle.bundled().modelNames())));
  }

  private static LengthCurve kvBytes(PlanRequest request, @Nullable BundledModel bundled) {
    Place place = Place.ROOT.field("model").field("kv_bytes");
    if (bundled != null) {
      return Curves.of(place, bundled.kvBytes());
    }
    Model model = request.model();
    return Curves.of(
        place,
        place.required(
            model == null ? null : model.kvBytes(),
            "give the bytes of KV that a prompt of l uncached tokens makes"));
  }

  private static Workload workload(Load load, @Nullable Trace trace) {
    Place place = Place.ROOT.field("workload");
    Input input = place.field("input").required(load.input(), "say how long prompts are");
    Lengths lengths = lengths(place.field("input"), input, trace);
    Double output =
        load.outputTokens() == null && trace != null
            ? (Double) trace.meanOutputTokens()
            : load.outputTokens();
    double tokens =
        place
            .field("output_tokens")
            .number(output, 1e-3, MAX_TOKENS, "write the mean tokens that a request decodes");
    return place.build(() -> new Workload(lengths, tokens));
  }

  private static @Nullable Trace trace(Load load, Traces traces) {
    if (load.input() == null || load.input().trace() == null) {
      return null;
    }
    return find(
        Place.ROOT.field("workload").field("input").field("trace"), load.input().trace(), traces);
  }

  /** The trace that a request names. */
  static Trace find(Place place, String id, Traces traces) {
    return traces
        .find(id)
        .orElseThrow(() ->
            place.impossible(
                "there is no trace '%s'; upload it first (POST /v1/traces) and name the id"
                        .formatted(brief(id))
                    + " that is answered"));
  }

  private static Lengths lengths(Place place, Input input, @Nullable Trace trace) {
    if (Stream.of(
                input.logNormal() != null,
                input.lengths() != null,
                input.histogram() != null,
                input.trace() != null)
            .filter(given -> given)
            .count()
        != 1) {
      throw place.impossible(
          "not exactly one form; write one of log_normal, lengths, histogram and trace");
    }
    if (trace != null) {
      return place.build(() -> EmpiricalLengths.of(IncrementalLengths.of(trace)));
    }
    if (input.logNormal() != null) {
      return logNormal(place.field("log_normal"), input.logNormal());
    }
    if (input.lengths() != null) {
      return listed(place.field("lengths"), input.lengths());
    }
    return histogram(place.field("histogram"), input.histogram());
  }

  private static Lengths logNormal(Place place, LogNormal given) {
    double mu = place.field("mu").number(given.mu(), -50, 50, "write the mean of ln l");
    double sigma =
        place.field("sigma").number(given.sigma(), 1e-6, 10, "write the deviation of ln l");
    int min = place.field("min").whole(given.min(), 1, MAX_TOKENS, "write the shortest length");
    int max = place.field("max").whole(given.max(), 1, MAX_TOKENS, "write the longest length");
    return place.build(() -> LogNormalLengths.of(mu, sigma, min, max));
  }

  private static Lengths listed(Place place, List<@Nullable Double> given) {
    place.bounded(given, MAX_LENGTHS, "write at least one length in tokens");
    int[] lengths = new int[given.size()];
    for (int i = 0; i < lengths.length; i++) {
      lengths[i] =
          place.index(i).whole(given.get(i), 1, MAX_TOKENS, "write a length in tokens, 1 or more");
    }
    return place.build(() -> EmpiricalLengths.of(lengths));
  }

  private static Lengths histogram(
      Place place, @Nullable List<@Nullable List<@Nullable Double>> given) {
    place.bounded(given, MAX_LENGTHS, "write at least one [tokens, weight]");
    Map<Integer, Double> weights = new HashMap<>();
    for (int i = 0; given != null && i < given.size(); i++) {
      List<@Nullable Double> row = given.get(i);
      Place at = place.index(i);
      if (row == null || row.size() != 2) {
        throw at.impossible("not a pair; write [tokens, weight]");
      }
      weights.merge(
          at.index(0).whole(row.get(0), 1, MAX_TOKENS, "write a length in tokens, 1 or more"),
          at.index(1).number(row.get(1), 0, 1e15, "write a weight, 0 or more"),
          Double::sum);
    }
    return place.build(() -> EmpiricalLengths.ofWeights(weights));
  }

  private static ThresholdRange thresholds(@Nullable Thresholds given, Lengths lengths) {
    ThresholdRange all = ThresholdRange.over(lengths);
    if (given == null) {
      return all;
    }
    Place place = Place.ROOT.field("thresholds");
    int from =
        given.from() == null
            ? all.from()
            : place.field("from").whole(given.from(), 0, MAX_TOKENS, "write a length in tokens");
    int to =
        given.to() == null
            ? Math.max(from, all.to())
            : place.field("to").whole(given.to(), 0, MAX_TOKENS, "write a length in tokens");
    int step =
        given.step() == null
            ? 1
            : place.field("step").whole(given.step(), 1, MAX_TOKENS, "write a distance in tokens");
    return place.build(() -> new ThresholdRange(from, to, step));
  }

  /** What a person wrote where a name belongs, fit for a message. */
  static String brief(String name) {
    String plain = name.replaceAll(Place.UNPRINTABLE, "?");
    return plain.length() <= 64 ? plain : plain.substring(0, 64) + "…";
  }
}
