package io.membrane.scheduler.throughput;

import org.jspecify.annotations.Nullable;

/**
 * A kind of instance: so many GPUs that hold one copy of the model.
 *
 * @param name of the profile, e.g. {@code h20}
 * @param gpus P, GPUs of one instance, ≥ 1
 * @param prefillSeconds T_prefill(l) of one request on one instance
 * @param decode how it decodes; null if it only prefills
 * @param usdPerGpuHour what a GPU costs, each hour
 */
public record InstanceType(
    String name,
    int gpus,
    LengthCurve prefillSeconds,
    @Nullable Decode decode,
    HourlyPrice usdPerGpuHour) {

  /** Refuses an instance without GPUs. */
  public InstanceType {
    if (gpus < 1 || gpus > 100_000) {
      throw new IllegalArgumentException(
          "an instance of %s has 1 to 100000 GPUs, not %d".formatted(name, gpus));
    }
  }
}
