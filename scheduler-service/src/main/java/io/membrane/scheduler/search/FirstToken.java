package io.membrane.scheduler.search;

import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.Lengths;
import io.membrane.scheduler.throughput.Pool;
import io.membrane.scheduler.throughput.PrefillCluster;
import io.membrane.scheduler.throughput.Throughput;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Time to first token without queues: T_prefill(l), plus S_kv(l) over the link where the prompt is
 * offloaded, over the whole distribution of lengths. It is what a lone request sees, not what a
 * fleet at Λ_max can serve.
 *
 * @param meanSeconds mean
 * @param p90Seconds nine in ten requests are at most this
 */
public record FirstToken(double meanSeconds, double p90Seconds) {

  /** Slices of equal probability that stand for the distribution. */
  private static final int STRATA = 16_384;

  private record Part(double seconds, double weight) {}

  /** A producer and its share of its class. */
  private record Producer(Pool pool, double share, double linkGbps) {}

  /** TTFT of a configuration. */
  public static FirstToken of(Fleet fleet, Lengths lengths, Configuration at) {
    List<Producer> remote = remote(fleet, at);
    List<Producer> local = local(fleet, at);
    List<Part> parts = new ArrayList<>(STRATA);
    for (int i = 0; i < STRATA; i++) {
      double tokens = lengths.quantile((i + 0.5) / STRATA);
      for (Producer p : tokens > at.thresholdTokens() ? remote : local) {
        double seconds = p.pool.type().prefillSeconds().at(tokens);
        if (p.linkGbps > 0) {
          seconds += Throughput.gigabits(fleet.kvBytes().at(tokens)) / p.linkGbps;
        }
        parts.add(new Part(seconds, p.share));
      }
    }
    parts.sort(Comparator.comparingDouble(Part::seconds));
    double weight = parts.stream().mapToDouble(Part::weight).sum();
    double mean = parts.stream().mapToDouble(p -> p.seconds * p.weight).sum() / weight;
    double below = 0;
    for (Part p : parts) {
      below += p.weight;
      if (below >= 0.9 * weight) {
        return new FirstToken(mean, p.seconds);
      }
    }
    throw new IllegalStateException("no request is served by anybody");
  }

  private static List<Producer> remote(Fleet fleet, Configuration at) {
    double tokens = at.classes().longTokens();
    double bytes = fleet.kvBytes().at(tokens);
    List<Producer> producers = new ArrayList<>();
    for (PrefillCluster c : fleet.prefill()) {
      double compute = c.computeRps(tokens);
      for (Pool pool : c.pools()) {
        if (pool.instances() > 0) {
          double share =
              c.rps(tokens, bytes) / at.prefillClustersRps() * pool.prefillRps(tokens) / compute;
          producers.add(new Producer(pool, share, c.linkGbps()));
        }
      }
    }
    return producers;
  }

  private static List<Producer> local(Fleet fleet, Configuration at) {
    double tokens = at.classes().shortTokens();
    List<Producer> producers = new ArrayList<>();
    for (int j = 0; j < fleet.pd().size(); j++) {
      int n = at.prefillByPool().get(j);
      if (n > 0) {
        Pool pool = fleet.pd().get(j);
        double rps = Throughput.localPrefillRps(n, pool.type().prefillSeconds().at(tokens));
        producers.add(new Producer(pool, rps / at.localPrefillRps(), 0));
      }
    }
    return producers;
  }
}
