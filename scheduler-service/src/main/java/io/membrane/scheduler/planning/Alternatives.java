package io.membrane.scheduler.planning;

import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.InstanceType;
import io.membrane.scheduler.throughput.Pool;
import io.membrane.scheduler.throughput.PrefillCluster;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A fleet with one thing changed. */
final class Alternatives {

  private final Fleet fleet;

  Alternatives(Fleet fleet) {
    this.fleet = fleet;
  }

  /** Names, the PD cluster's last. */
  List<String> clusters() {
    return Stream.concat(
            fleet.prefill().stream().map(PrefillCluster::name), Stream.of(fleet.pdName()))
        .toList();
  }

  /** Kinds of instances of a cluster. */
  List<InstanceType> types(String cluster) {
    return pools(cluster).stream().map(Pool::type).toList();
  }

  /** Kinds of instances of all clusters. */
  List<InstanceType> allTypes() {
    return clusters().stream().flatMap(c -> types(c).stream()).distinct().toList();
  }

  /** The fleet with more or fewer instances of a kind in a cluster; null if that is impossible. */
  @Nullable Fleet with(String cluster, InstanceType type, int more) {
    return has(cluster, type) + more < 0
        ? null
        : changed(cluster, pools -> counted(pools, type, more));
  }

  /** The fleet with one instance of a cluster exchanged; null if that is impossible. */
  @Nullable Fleet exchanged(String cluster, InstanceType gone, InstanceType come) {
    return has(cluster, gone) == 0
        ? null
        : changed(cluster, pools -> counted(counted(pools, gone, -1), come, 1));
  }

  /** The fleet with one link scaled. */
  Fleet widened(String cluster, double factor) {
    return new Fleet(
        fleet.kvBytes(),
        fleet.prefill().stream()
            .map(c ->
                c.name().equals(cluster)
                    ? new PrefillCluster(c.name(), c.pools(), c.linkGbps() * factor, c.usdPerGb())
                    : c)
            .toList(),
        fleet.pdName(),
        fleet.pd());
  }

  private int has(String cluster, InstanceType type) {
    return pools(cluster).stream()
        .filter(pool -> pool.type().equals(type))
        .mapToInt(Pool::instances)
        .sum();
  }

  private List<Pool> pools(String cluster) {
    return fleet.prefill().stream()
        .filter(c -> c.name().equals(cluster))
        .findFirst()
        .map(PrefillCluster::pools)
        .orElse(fleet.pd());
  }

  private @Nullable Fleet changed(String cluster, UnaryOperator<List<Pool>> change) {
    List<Pool> pd = cluster.equals(fleet.pdName()) ? change.apply(fleet.pd()) : fleet.pd();
    List<PrefillCluster> prefill =
        fleet.prefill().stream()
            .map(c ->
                c.name().equals(cluster)
                    ? new PrefillCluster(
                        c.name(), change.apply(c.pools()), c.linkGbps(), c.usdPerGb())
                    : c)
            .toList();
    boolean decodes = pd.stream().anyMatch(pool -> pool.instances() > 0 && pool.canDecode());
    return decodes ? new Fleet(fleet.kvBytes(), prefill, fleet.pdName(), pd) : null;
  }

  private static List<Pool> counted(List<Pool> pools, InstanceType type, int more) {
    List<Pool> changed = new ArrayList<>();
    boolean found = false;
    for (Pool pool : pools) {
      boolean same = pool.type().equals(type);
      changed.add(same ? new Pool(type, pool.instances() + more) : pool);
      found |= same;
    }
    if (!found) {
      changed.add(new Pool(type, more));
    }
    return changed;
  }
}
