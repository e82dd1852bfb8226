package io.membrane.scheduler.simulation;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.scheduler.routing.Availability;
import io.membrane.scheduler.routing.Candidate;
import io.membrane.scheduler.routing.ClusterCondition;
import io.membrane.scheduler.routing.ClusterCost;
import io.membrane.scheduler.routing.Decision;
import io.membrane.scheduler.routing.FleetState;
import io.membrane.scheduler.routing.InFlight;
import io.membrane.scheduler.routing.RouteQuery;
import io.membrane.scheduler.routing.RoutingPolicy;
import io.membrane.scheduler.routing.RoutingSettings;
import io.membrane.scheduler.simulation.station.Requests;
import io.membrane.scheduler.simulation.traffic.Trace;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.Pool;
import io.membrane.scheduler.throughput.PrefillCluster;
import io.membrane.wire.SchedulerClient.Regime;
import io.membrane.wire.SchedulerClient.Role;
import io.membrane.wire.SchedulerClient.Transfer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Asks the scheduler's own {@link RoutingPolicy} where a simulated prompt goes, with what telemetry
 * told at the last tick and what has been decided since. Not thread-safe.
 */
final class Router {

  private static final double SECONDS_PER_HOUR = 3600;
  private static final double NANOS = 1e9;

  private final Plant plant;
  private final Fleet fleet;

  /** Whether speeds and prices are known. */
  private final boolean costsKnown;

  /** Whether what is in flight matters to decisions. */
  private final boolean counts;

  private final RoutingPolicy policy;
  private final InFlight inFlight = new InFlight();
  private final @Nullable ClusterCost[] costs;
  private final Map<String, Integer> stations = new HashMap<>();
  private final List<Candidate> withoutCaches;
  private final int[] leading;

  private InFlight.@Nullable Ticket[] tickets = new InFlight.@Nullable Ticket[256];
  private FleetState state;
  private int station;
  private int uncachedTokens;
  private int uncachedAtPd;
  private int hitBlocks;
  private int moveLink;
  private double moveBytes;
  private int thresholdSeen;

  Router(Plant plant, Controls controls, int thresholdTokens) {
    this.plant = plant;
    this.fleet = plant.fleet;
    @Nullable RoutingSettings settings = controls.costs();
    this.costsKnown = settings != null;
    this.counts = costsKnown || plant.clusters > 1;
    this.policy = new RoutingPolicy(settings == null ? RoutingSettings.DEFAULT : settings);
    this.costs = new @Nullable ClusterCost[plant.clusters + 1];
    for (int c = 0; c < plant.clusters; c++) {
      PrefillCluster cluster = fleet.prefill().get(c);
      stations.put(cluster.name(), c);
      costs[c] = cost(cluster.pools(), cluster.instances(), cluster.usdPerGb());
    }
    stations.put(fleet.pdName(), plant.clusters);
    this.leading = new int[plant.clusters + 1];
    this.withoutCaches = candidates(Integer.MAX_VALUE);
    this.state = FleetState.of(thresholdTokens, Regime.SCARCE);
  }

  private @Nullable ClusterCost cost(List<Pool> pools, int instances, double usdPerGb) {
    if (!costsKnown || instances == 0) {
      return null;
    }
    Pool most = pools.stream().max(Comparator.comparingInt(Pool::instances)).orElseThrow();
    double usdPerHour = pools.stream().mapToDouble(Pool::usdPerHour).sum();
    int all = pools.stream().mapToInt(Pool::instances).sum();
    return new ClusterCost(
        most.type().prefillSeconds(),
        fleet.kvBytes(),
        instances,
        usdPerHour / all / SECONDS_PER_HOUR,
        usdPerGb);
  }

  /** Telemetry has come in: decisions from now on are made with it. */
  void inform(double now, Conditions conditions) {
    Map<String, ClusterCondition> known = new HashMap<>();
    for (int c = 0; c < plant.clusters; c++) {
      String name = fleet.prefill().get(c).name();
      known.put(
          name,
          new ClusterCondition(
              name,
              conditions.availability(c),
              conditions.availabilityReason(c),
              conditions.effectiveThreshold(c),
              conditions.regime(c),
              plant.prefill[c].waitSeconds(),
              plant.links[c].goodputGbps() / (plant.links[c].transfers() + 1),
              costs[c]));
    }
    int local = plant.roles.nP();
    costs[plant.clusters] = cost(fleet.pd(), local, 0);
    known.put(
        fleet.pdName(),
        new ClusterCondition(
            fleet.pdName(),
            local > 0 ? Availability.UP : Availability.DRAINING,
            local > 0 ? "" : "all its instances decode",
            conditions.threshold(),
            Regime.SCARCE,
            plant.prefill[plant.clusters].waitSeconds(),
            0,
            costs[plant.clusters]));
    state = new FleetState(conditions.threshold(), Regime.SCARCE, known);
  }

  /**
   * Decides for a request.
   *
   * @return null, or why no cluster takes it
   */
  @Nullable ErrorCode decide(double now, int row) {
    int tokens = plant.requests.tokens[row];
    int number = plant.requests.number[row];
    if (plant.hasCaches()) {
      for (int s = 0; s <= plant.clusters; s++) {
        leading[s] = plant.leadingBlocks(s, number);
      }
    }
    List<Candidate> candidates = plant.hasCaches() ? candidates(tokens) : withoutCaches;
    Decision decision;
    long nanos = (long) (now * NANOS);
    try {
      decision = policy.decide(new RouteQuery(tokens, candidates, null), state, inFlight, nanos);
    } catch (MembraneException e) {
      if (e.code() == ErrorCode.DEPENDENCY_UNAVAILABLE || e.code() == ErrorCode.OVERLOADED) {
        uncachedTokens = tokens - cachedTokens(plant.clusters, tokens);
        return e.code();
      }
      throw e;
    }
    station = stationOf(decision.target());
    uncachedTokens = decision.incrementalTokens();
    uncachedAtPd = tokens - cachedTokens(plant.clusters, tokens);
    thresholdSeen = decision.effectiveThresholdTokens();
    Transfer transfer = decision.transfer();
    int source = transfer == null ? station : stationOf(transfer.from());
    hitBlocks = leading[source];
    moveLink = -1;
    if (transfer != null) {
      moveLink = decision.role() == Role.PREFILL ? plant.clusters + station : source;
      moveBytes = fleet.kvBytes().at(transfer.tokens() - cachedTokens(station, tokens));
    }
    if (counts) {
      if (row >= tickets.length) {
        tickets = Arrays.copyOf(tickets, Math.max(row + 1, tickets.length * 2));
      }
      tickets[row] = inFlight.add(decision, nanos);
    }
    return null;
  }

  /** A request has been prefilled. */
  void prefilled(int row) {
    InFlight.@Nullable Ticket ticket = counts ? tickets[row] : null;
    if (ticket != null) {
      ticket.release();
      tickets[row] = null;
    }
  }

  private int stationOf(String cluster) {
    return stations.getOrDefault(cluster, Requests.NONE);
  }

  private List<Candidate> candidates(int tokens) {
    List<Candidate> all = new ArrayList<>(plant.clusters + 1);
    for (int c = 0; c < plant.clusters; c++) {
      PrefillCluster cluster = fleet.prefill().get(c);
      if (cluster.instances() > 0) {
        all.add(new Candidate(cluster.name(), Role.PREFILL, cachedTokens(c, tokens), List.of()));
      }
    }
    all.add(
        new Candidate(fleet.pdName(), Role.PD, cachedTokens(plant.clusters, tokens), List.of()));
    return List.copyOf(all);
  }

  /** Tokens of the leading blocks; the last token of a prompt is always computed. */
  private int cachedTokens(int station, int tokens) {
    return Math.min(leading[station] * Trace.BLOCK_TOKENS, tokens - 1);
  }

  /** Where the prompt is prefilled. */
  int station() {
    return station;
  }

  /** What is computed there, or would have been, ≥ 1. */
  int uncachedTokens() {
    return uncachedTokens;
  }

  /** What the PD cluster lacks, and so is sent if the prompt is offloaded. */
  int uncachedAtPd() {
    return uncachedAtPd;
  }

  /** Blocks that the target need not compute. */
  int hitBlocks() {
    return hitBlocks;
  }

  /** The link over which a cached prefix is moved first, or -1. */
  int moveLink() {
    return moveLink;
  }

  /** What is moved. */
  double moveBytes() {
    return moveBytes;
  }

  /** The effective threshold that the decision saw. */
  int thresholdSeen() {
    return thresholdSeen;
  }
}
