package io.membrane.scheduler.throughput;

/**
 * Like instances of one cluster.
 *
 * @param instances how many, ≥ 0
 */
public record Pool(InstanceType type, int instances) {

  /** Refuses a negative count. */
  public Pool {
    if (instances < 0 || instances > 100_000) {
      throw new IllegalArgumentException(
          "a pool of %s has 0 to 100000 instances, not %d".formatted(type.name(), instances));
    }
  }

  /** Whether its instances can decode; those that cannot prefill. */
  public boolean canDecode() {
    return type.decode() != null;
  }

  /** Instances over T_prefill(l): rps if all of them prefill prompts of this length. */
  public double prefillRps(double tokens) {
    return Throughput.localPrefillRps(instances, type.prefillSeconds().at(tokens));
  }

  /** What all its instances cost in an hour, mean over the day, USD. */
  public double usdPerHour() {
    return instances * type.gpus() * type.usdPerGpuHour().mean();
  }
}
