package io.membrane.scheduler.request;

import static io.membrane.scheduler.request.PlanRequests.brief;

import io.membrane.scheduler.request.PlanRequest.Cluster;
import io.membrane.scheduler.request.PlanRequest.Link;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.LengthCurve;
import io.membrane.scheduler.throughput.Lengths;
import io.membrane.scheduler.throughput.Pool;
import io.membrane.scheduler.throughput.PrefillCluster;
import io.membrane.wire.SchedulerClient.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The fleet of a request. */
final class Clusters {

  static final int MAX_CLUSTERS = 64;
  static final int MAX_KINDS = 16;
  private static final int MAX_INSTANCES = 50_000;
  private static final double MAX_GBPS = 1e9;
  private static final double MAX_USD = 1e6;

  private final LengthCurve kvBytes;
  private final Kinds kinds;
  private final Fleet fleet;
  private boolean egressPriced;

  Clusters(PlanRequest request, LengthCurve kvBytes, @Nullable String model) {
    this.kvBytes = kvBytes;
    this.kinds = new Kinds(request.profiles(), kvBytes, model);
    this.fleet = fleet(request.clusters());
  }

  Fleet fleet() {
    return fleet;
  }

  /** Whether any price was given. */
  boolean priced() {
    return egressPriced || gpusPriced();
  }

  /** Whether any GPU has a price. */
  boolean gpusPriced() {
    return kinds.priced();
  }

  List<String> notes(Lengths lengths) {
    List<String> notes = new ArrayList<>();
    Curves.beyondRows("kv_bytes of the model", kvBytes, lengths).ifPresent(notes::add);
    notes.addAll(kinds.notes(lengths));
    return notes;
  }

  /** Refuses curves that leave what can be computed with, at the lengths of a workload. */
  void check(Lengths lengths) {
    for (double tokens : new double[] {lengths.min(), lengths.max()}) {
      Place.ROOT
          .field("model")
          .field("kv_bytes")
          .number(
              kvBytes.at(tokens), 1, 1e18, "the curve gives this at %s tokens".formatted(tokens));
      kinds.check(tokens);
    }
  }

  private Fleet fleet(@Nullable List<@Nullable Cluster> given) {
    Place place = Place.ROOT.field("clusters");
    place.bounded(given, MAX_CLUSTERS, "write at least a cluster of role pd");
    List<PrefillCluster> prefill = new ArrayList<>();
    String pdName = null;
    List<Pool> pd = List.of();
    int instances = 0;
    for (int i = 0; given != null && i < given.size(); i++) {
      Place at = place.index(i);
      Cluster cluster = at.required(given.get(i), "write a cluster");
      String name = at.field("cluster").name(cluster.cluster(), "name the cluster");
      Role role = at.field("role").required(cluster.role(), "write \"prefill\" or \"pd\"");
      List<Pool> pools = pools(at.field("instances"), cluster.instances());
      instances += pools.stream().mapToInt(Pool::instances).sum();
      if (instances > MAX_INSTANCES) {
        throw place.impossible("more than %d instances in all".formatted(MAX_INSTANCES));
      }
      switch (role) {
        case PREFILL -> prefill.add(prefill(at, name, pools, cluster.link()));
        case PD -> {
          if (pdName != null) {
            throw at.impossible(
                "a second cluster of role pd, after '%s'; plan one PD cluster at a time"
                    .formatted(pdName));
          }
          pdName = name;
          pd = pools;
        }
      }
    }
    if (pdName == null) {
      throw place.impossible("nobody decodes; write one cluster of role pd");
    }
    String decoding = pdName;
    List<Pool> local = pd;
    return place.build(() -> new Fleet(kvBytes, prefill, decoding, local));
  }

  private PrefillCluster prefill(Place place, String name, List<Pool> pools, @Nullable Link given) {
    Place at = place.field("link");
    Link link = at.required(given, "write {\"gbps\": …}, what it can send to the PD cluster");
    double gbps =
        at.field("gbps").number(link.gbps(), 1e-6, MAX_GBPS, "write what the link carries, Gbps");
    double usd =
        link.usdPerGb() == null
            ? 0
            : at.field("usd_per_gb")
                .number(link.usdPerGb(), 0, MAX_USD, "write a price, 0 or more");
    egressPriced |= link.usdPerGb() != null;
    return at.build(() -> new PrefillCluster(name, pools, gbps, usd));
  }

  private List<Pool> pools(Place place, @Nullable Map<String, @Nullable Double> given) {
    Map<String, @Nullable Double> counts = place.required(given, "write {\"<profile>\": <count>}");
    place.bounded(counts.keySet(), MAX_KINDS, "write {\"<profile>\": <count>}");
    List<Pool> pools = new ArrayList<>();
    counts.forEach((profile, count) -> {
      Place at = place.key(brief(profile));
      int n = at.whole(count, 0, MAX_INSTANCES, "write how many instances there are");
      pools.add(new Pool(kinds.get(at, profile), n));
    });
    return pools;
  }
}
