package io.membrane.scheduler.request;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.scheduler.planning.Plan;
import io.membrane.scheduler.planning.PlanInput;
import io.membrane.scheduler.request.PlanRequest.Input;
import io.membrane.scheduler.request.PlanRequest.Load;
import io.membrane.scheduler.request.SimulationRequest.Arriving;
import io.membrane.scheduler.request.SimulationRequest.PromptSource;
import io.membrane.scheduler.request.SimulationRequest.Replaying;
import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.simulation.Deployment;
import io.membrane.scheduler.simulation.SimulationSpec;
import io.membrane.scheduler.simulation.Span;
import io.membrane.scheduler.simulation.Strategy;
import io.membrane.scheduler.simulation.traffic.Arrivals;
import io.membrane.scheduler.simulation.traffic.LoadShift;
import io.membrane.scheduler.simulation.traffic.Prompts;
import io.membrane.scheduler.simulation.traffic.Trace;
import io.membrane.scheduler.simulation.traffic.Traffic;
import io.membrane.scheduler.throughput.Fleet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Turns requests into what the simulator understands; what is well-formed but impossible is refused
 * as by {@link PlanRequests}. Thread-safe if its traces are.
 */
public final class SimulationRequests {

  /** Share of Λ_max that arrives where nothing is said of it. */
  public static final double DEFAULT_UTILISATION = 0.8;

  private static final int DEFAULT_REQUESTS = 100_000;
  private static final double DEFAULT_WARM_UP = 0.1;
  private static final double DEFAULT_TTFT_LIMIT_SECONDS = 10;
  private static final int MAX_SHIFTS = 1000;
  private static final int MAX_BLOCKS = Integer.MAX_VALUE;

  private final Traces traces;

  /** Requests that may name these traces. */
  public SimulationRequests(Traces traces) {
    this.traces = traces;
  }

  /**
   * What a request asks for.
   *
   * @param checkpoint called on this thread every few milliseconds of the search for the best
   *     configuration; what it throws ends it
   */
  public SimulationInput resolve(SimulationRequest request, Runnable checkpoint) {
    Trace trace = replayed(request.arrivals());
    PlanInput plan = plan(request, trace);
    Set<Strategy> strategies = strategies(request.strategies(), plan.fleet());
    Place place = Place.ROOT.field("plan");
    Configuration best = place.build(() -> Plan.best(plan, checkpoint));
    Map<Strategy, Deployment> deployments = new LinkedHashMap<>();
    for (Strategy strategy : strategies) {
      deployments.put(strategy, place.build(() -> strategy.deploy(plan, best)));
    }
    Arrivals arrivals = arrivals(request.arrivals(), trace, plan.arrivalRps(), best);
    PromptSource source = source(request.prompts(), trace);
    List<SimulationInput.Contender> contenders = new ArrayList<>();
    deployments.forEach((strategy, deployment) ->
        contenders.add(
            new SimulationInput.Contender(
                strategy, spec(request, strategy, deployment, arrivals, source, trace))));
    return new SimulationInput(
        contenders, arrivals.meanRps(), source == PromptSource.TRACE ? trace : null);
  }

  private SimulationSpec spec(
      SimulationRequest request,
      Strategy strategy,
      Deployment deployment,
      Arrivals arrivals,
      PromptSource source,
      @Nullable Trace trace) {
    Prompts prompts = prompts(source, deployment, trace);
    List<LoadShift> shifts = shifts(request);
    Traffic traffic =
        Place.ROOT.field("shifts").build(() -> new Traffic(arrivals, prompts, shifts));
    return Place.ROOT.build(() ->
        new SimulationSpec(
            deployment,
            traffic,
            span(request, traffic),
            Weather.of(request.link()),
            cacheBlocks(request),
            strategy.controls(Weather.controls(request.control())),
            request.batchTokens() == null
                ? 0
                : Place.ROOT
                    .field("batch_tokens")
                    .whole(request.batchTokens(), 0, 10_000_000, "write tokens, 0 for no batches"),
            request.ttftLimitS() == null
                ? DEFAULT_TTFT_LIMIT_SECONDS
                : Place.ROOT
                    .field("ttft_limit_s")
                    .number(request.ttftLimitS(), 1e-6, 1e6, "write seconds, above 0"),
            request.seed() == null ? 1 : request.seed()));
  }

  private @Nullable Trace replayed(@Nullable Arriving arrivals) {
    if (arrivals == null || arrivals.replay() == null) {
      return null;
    }
    Place place = Place.ROOT.field("arrivals").field("replay").field("trace");
    String id = place.required(arrivals.replay().trace(), "name the id of an uploaded trace");
    return PlanRequests.find(place, id, traces);
  }

  private PlanInput plan(SimulationRequest request, @Nullable Trace trace) {
    Replaying replay = request.arrivals() == null ? null : request.arrivals().replay();
    String replayId = replay == null ? null : replay.trace();
    Traces known =
        id -> trace != null && id.equals(replayId) ? Optional.of(trace) : traces.find(id);
    try {
      return PlanRequests.resolve(plannedFor(request.plan(), replayId), known);
    } catch (MembraneException e) {
      if (e.code() != ErrorCode.IMPOSSIBLE_REQUEST) {
        throw e;
      }
      throw new MembraneException(e.code(), "plan." + e.detail(), e);
    }
  }

  /** A plan for a replayed trace is one for its lengths unless it names others. */
  private static @Nullable PlanRequest plannedFor(
      @Nullable PlanRequest given, @Nullable String id) {
    PlanRequest plan = given == null ? PlanRequest.EMPTY : given;
    Load load = plan.workload() == null ? new Load(null, null, null) : plan.workload();
    if (id == null || load.input() != null) {
      return given;
    }
    return new PlanRequest(
        plan.model(),
        plan.profiles(),
        plan.clusters(),
        new Load(new Input(null, null, null, id), load.outputTokens(), load.arrivalRps()),
        plan.thresholds(),
        plan.objective());
  }

  private static Set<Strategy> strategies(@Nullable List<@Nullable Strategy> given, Fleet fleet) {
    Set<Strategy> strategies = new LinkedHashSet<>();
    if (given == null) {
      Stream.of(Strategy.values()).filter(s -> s.suits(fleet)).forEach(strategies::add);
      return strategies;
    }
    Place place = Place.ROOT.field("strategies");
    place.bounded(given, Strategy.values().length, "name at least one, or leave the field out");
    for (int i = 0; i < given.size(); i++) {
      Strategy strategy = place.index(i).required(given.get(i), "name a strategy");
      if (!strategies.add(strategy)) {
        throw place
            .index(i)
            .impossible(
                "%s stands there a second time; name each strategy once"
                    .formatted(strategy.name().toLowerCase(Locale.ROOT)));
      }
    }
    return strategies;
  }

  private static Arrivals arrivals(
      @Nullable Arriving given,
      @Nullable Trace trace,
      @Nullable Double plannedRps,
      Configuration best) {
    if (given == null) {
      return new Arrivals.Poisson(
          plannedRps == null ? DEFAULT_UTILISATION * best.sustainedRps() : plannedRps);
    }
    Place place = Place.ROOT.field("arrivals");
    if (Stream.of(given.poisson(), given.steady(), given.bursts(), given.replay())
            .filter(form -> form != null)
            .count()
        != 1) {
      throw place.impossible(
          "not exactly one form; write one of poisson, steady, bursts and replay");
    }
    if (given.poisson() != null) {
      double rps = rate(place.field("poisson"), given.poisson().rps());
      return new Arrivals.Poisson(rps);
    }
    if (given.steady() != null) {
      double rps = rate(place.field("steady"), given.steady().rps());
      return new Arrivals.Steady(rps);
    }
    if (given.bursts() != null) {
      return bursts(place.field("bursts"), given.bursts());
    }
    Place at = place.field("replay");
    Double asked = given.replay() == null ? null : given.replay().speed();
    double speed =
        asked == null
            ? 1
            : at.field("speed").number(asked, 1e-3, 1e6, "write how many times as fast");
    Trace replayed = at.required(trace, "name a trace");
    return at.build(() -> new Arrivals.Replay(replayed, speed));
  }

  private static Arrivals bursts(Place place, SimulationRequest.Bursting given) {
    double rps = rate(place, given.rps());
    double factor =
        place.field("factor").number(given.factor(), 1, 1e6, "write how many times as fast, ≥ 1");
    double burst =
        place.field("burst_s").number(given.burstS(), 1e-3, 1e7, "write a burst's mean seconds");
    double quiet =
        place.field("quiet_s").number(given.quietS(), 1e-3, 1e7, "write the mean seconds between");
    return place.build(() -> new Arrivals.Bursts(rps, factor, burst, quiet));
  }

  private static double rate(Place place, @Nullable Double rps) {
    return place
        .field("rps")
        .number(rps, 1e-9, Arrivals.MAX_RPS, "write requests per second, above 0");
  }

  private static PromptSource source(@Nullable PromptSource given, @Nullable Trace trace) {
    if (given == PromptSource.TRACE && trace == null) {
      throw Place.ROOT
          .field("prompts")
          .impossible("there is no trace; write arrivals.replay with the id of an uploaded one");
    }
    if (given != null) {
      return given;
    }
    return trace == null ? PromptSource.WORKLOAD : PromptSource.TRACE;
  }

  private static Prompts prompts(PromptSource source, Deployment deployed, @Nullable Trace trace) {
    double output = deployed.workload().outputTokens();
    return switch (source) {
      case WORKLOAD -> new Prompts.Sampled(deployed.workload().input(), output);
      case CLASS_MEANS -> new Prompts.ClassMeans(deployed.configuration().classes(), output);
      case TRACE -> new Prompts.OfTrace(Place.ROOT.required(trace, "name a trace"));
    };
  }

  private static List<LoadShift> shifts(SimulationRequest request) {
    Place place = Place.ROOT.field("shifts");
    List<LoadShift> shifts = new ArrayList<>();
    List<SimulationRequest.@Nullable Shift> given = request.shifts();
    for (int i = 0; given != null && i < given.size(); i++) {
      Place at = place.index(i);
      if (i == MAX_SHIFTS) {
        throw place.impossible("at most %d shifts are taken".formatted(MAX_SHIFTS));
      }
      SimulationRequest.Shift shift = at.required(given.get(i), "write a shift");
      double from =
          at.field("from_s").number(shift.fromS(), 0, 1e9, "write seconds from the start");
      double rate = factor(at.field("rate_factor"), shift.rateFactor());
      double length = factor(at.field("length_factor"), shift.lengthFactor());
      shifts.add(at.build(() -> new LoadShift(from, rate, length)));
    }
    return shifts;
  }

  private static double factor(Place place, @Nullable Double given) {
    return given == null ? 1 : place.number(given, 0.01, 100, "write a factor, 1 for no change");
  }

  private static Span span(SimulationRequest request, Traffic traffic) {
    int most = Math.min(Span.MAX_REQUESTS, traffic.requests());
    boolean timed = request.durationS() != null;
    boolean all = timed || traffic.requests() < Integer.MAX_VALUE;
    int requests =
        request.requests() == null
            ? all ? most : DEFAULT_REQUESTS
            : Place.ROOT
                .field("requests")
                .whole(request.requests(), 1, Span.MAX_REQUESTS, "write how many requests arrive");
    double seconds =
        timed
            ? Place.ROOT
                .field("duration_s")
                .number(request.durationS(), 1e-3, Span.MAX_SECONDS, "write simulated seconds")
            : Span.MAX_SECONDS;
    double warmUp =
        request.warmUp() == null
            ? DEFAULT_WARM_UP
            : Place.ROOT
                .field("warm_up")
                .number(request.warmUp(), 0, 0.9, "write the share to leave out of the figures");
    return new Span(Math.min(requests, most), seconds, warmUp);
  }

  private static long cacheBlocks(SimulationRequest request) {
    Double blocks = request.cache() == null ? null : request.cache().blocks();
    return blocks == null
        ? Long.MAX_VALUE
        : Place.ROOT
            .field("cache")
            .field("blocks")
            .whole(blocks, 0, MAX_BLOCKS, "write blocks of 512 tokens, null for no limit");
  }
}
