package io.membrane.scheduler.simulation;

import io.membrane.scheduler.simulation.cache.PrefixCache;
import io.membrane.scheduler.simulation.link.LinkWeather;
import io.membrane.scheduler.simulation.link.SharedLink;
import io.membrane.scheduler.simulation.station.DecodeStation;
import io.membrane.scheduler.simulation.station.EventQueue;
import io.membrane.scheduler.simulation.station.PdRoles;
import io.membrane.scheduler.simulation.station.PrefillStation;
import io.membrane.scheduler.simulation.station.Requests;
import io.membrane.scheduler.simulation.traffic.Trace;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.Pool;
import io.membrane.scheduler.throughput.PrefillCluster;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator.SplittableGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The stations, links and caches of a fleet. Cluster c of the prefill clusters is station c and
 * sends over link c; the PD cluster is the last station. What is moved to prefill cluster c takes
 * link {@code clusters + c}, the other direction of the same line. Not thread-safe.
 */
final class Plant {

  final Fleet fleet;

  /** How many prefill clusters. */
  final int clusters;

  final Requests requests = new Requests();
  final EventQueue events = new EventQueue();
  final PrefillStation[] prefill;
  final DecodeStation decode;
  final PdRoles roles;
  final SharedLink[] links;
  private final LinkWeather[] weather;
  private final PrefixCache @Nullable [] caches;

  /** The station of an instance. */
  private final int[] stationOf;

  Plant(SimulationSpec spec, SplittableGenerator random) {
    this.fleet = spec.deployment().fleet();
    this.clusters = fleet.prefill().size();
    List<Integer> stations = new ArrayList<>();
    for (int c = 0; c < clusters; c++) {
      add(stations, c, fleet.prefill().get(c).instances());
    }
    add(stations, clusters, fleet.pd().stream().mapToInt(Pool::instances).sum());
    this.stationOf = stations.stream().mapToInt(Integer::intValue).toArray();
    this.prefill = new PrefillStation[clusters + 1];
    this.decode = new DecodeStation(requests, events, fleet.pd(), stationOf.length);
    this.links = new SharedLink[2 * clusters];
    this.weather = new LinkWeather[clusters];
    int instance = 0;
    for (int c = 0; c < clusters; c++) {
      PrefillCluster cluster = fleet.prefill().get(c);
      prefill[c] = station(spec, cluster.pools());
      for (int k = 0; k < cluster.pools().size(); k++) {
        for (int i = 0; i < cluster.pools().get(k).instances(); i++) {
          prefill[c].join(0, instance++, k);
        }
      }
      links[c] = new SharedLink(cluster.linkGbps());
      links[clusters + c] = new SharedLink(cluster.linkGbps());
      weather[c] = new LinkWeather(spec.links(), cluster.name(), random.split());
      applyWeather(0, c);
    }
    prefill[clusters] = station(spec, fleet.pd());
    this.roles = new PdRoles(prefill[clusters], decode);
    roles.setUp(fleet.pd(), spec.deployment().configuration().prefillByPool(), instance);
    this.caches = caches(spec);
  }

  private static void add(List<Integer> stations, int station, int instances) {
    for (int i = 0; i < instances; i++) {
      stations.add(station);
    }
  }

  private PrefillStation station(SimulationSpec spec, List<Pool> pools) {
    return new PrefillStation(requests, events, pools, stationOf.length, spec.batchTokens());
  }

  private PrefixCache @Nullable [] caches(SimulationSpec spec) {
    Trace trace = spec.trace();
    if (trace == null || spec.cacheBlocks() == 0) {
      return null;
    }
    PrefixCache[] all = new PrefixCache[clusters + 1];
    for (int s = 0; s <= clusters; s++) {
      all[s] = new PrefixCache(trace, spec.cacheBlocks());
    }
    return all;
  }

  /** The station at which an instance prefills. */
  int stationOf(int instance) {
    return stationOf[instance];
  }

  /** Leading blocks of a request that a station's cluster has. */
  int leadingBlocks(int station, int request) {
    return caches == null ? 0 : caches[station].leadingBlocks(request);
  }

  /** A station's cluster now has all of a request's blocks. */
  void remember(int station, int request) {
    if (caches != null) {
      caches[station].put(request);
    }
  }

  boolean hasCaches() {
    return caches != null;
  }

  /** A line's rate or loss has changed. */
  void changeWeather(double now, int cluster) {
    weather[cluster].enter(now);
    applyWeather(now, cluster);
  }

  private void applyWeather(double now, int cluster) {
    double factor = weather[cluster].rateFactor(now);
    double loss = weather[cluster].lossRate();
    links[cluster].change(now, factor, loss);
    links[clusters + cluster].change(now, factor, loss);
    double next = weather[cluster].nextChange(now);
    if (next < Double.POSITIVE_INFINITY) {
      events.schedule(next, EventQueue.Kind.LINK_CHANGES, cluster);
    }
  }

  /** Whether a line carries nothing now. */
  boolean isOut(double now, int cluster) {
    return weather[cluster].rateFactor(now) == 0;
  }

  /** The link on which a transfer ends first, or -1 if none ends. */
  int nextLink() {
    int next = -1;
    double at = Double.POSITIVE_INFINITY;
    for (int i = 0; i < links.length; i++) {
      double end = links[i].nextEnd();
      if (end < at) {
        at = end;
        next = i;
      }
    }
    return next;
  }
}
