package io.membrane.scheduler.throughput;

import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * One PD cluster, and the prefill clusters that help it.
 *
 * @param kvBytes S_kv(l) of the model, the same on every hardware
 * @param prefill clusters that prefill only; may be empty
 * @param pdName of the PD cluster
 * @param pd instances of the PD cluster, each of which prefills or decodes
 */
public record Fleet(
    LengthCurve kvBytes, List<PrefillCluster> prefill, String pdName, List<Pool> pd) {

  /** Refuses clusters of one name, and a PD cluster that cannot decode. */
  public Fleet {
    prefill = List.copyOf(prefill);
    pd = List.copyOf(pd);
    Set<String> names = new HashSet<>(Set.of(pdName));
    for (PrefillCluster c : prefill) {
      if (!names.add(c.name())) {
        throw new IllegalArgumentException("two clusters are named '%s'".formatted(c.name()));
      }
    }
    if (pd.stream().noneMatch(pool -> pool.canDecode() && pool.instances() > 0)) {
      throw new IllegalArgumentException(
          ("cluster '%s' has no instance that can decode; give it instances, and their type a"
                  + " decode profile")
              .formatted(pdName));
    }
  }

  /** Instances of the PD cluster, of all kinds. */
  public int pdInstances() {
    return pd.stream().mapToInt(Pool::instances).sum();
  }

  /** Instances of the prefill clusters, of all kinds. */
  public int prefillInstances() {
    return prefill.stream().mapToInt(PrefillCluster::instances).sum();
  }

  /**
   * As many instances as all clusters have, in one PD cluster, all of this one's most numerous kind
   * that can decode.
   */
  public Fleet homogeneous() {
    Pool most =
        pd.stream()
            .filter(Pool::canDecode)
            .max(Comparator.comparingInt(Pool::instances))
            .orElseThrow();
    Pool all = new Pool(most.type(), pdInstances() + prefillInstances());
    return new Fleet(kvBytes, List.of(), pdName, List.of(all));
  }

  /** What all instances of all clusters cost in an hour, mean over the day, USD. */
  public double usdPerHour() {
    double usd = 0;
    for (PrefillCluster c : prefill) {
      for (Pool pool : c.pools()) {
        usd += pool.usdPerHour();
      }
    }
    for (Pool pool : pd) {
      usd += pool.usdPerHour();
    }
    return usd;
  }

  /** Σ (3) over the prefill clusters, which share the long prompts by what each sustains, rps. */
  public double prefillClustersRps(double longTokens) {
    double bytes = kvBytes.at(longTokens);
    double rps = 0;
    for (PrefillCluster c : prefill) {
      rps += c.rps(longTokens, bytes);
    }
    return rps;
  }
}
