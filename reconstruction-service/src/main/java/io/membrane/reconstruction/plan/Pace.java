package io.membrane.reconstruction.plan;

/**
 * How fast bytes come.
 *
 * @param latencyMs before the first
 * @param bytesPerMs after it
 */
public record Pace(double latencyMs, double bytesPerMs) {

  public Pace {
    if (!(latencyMs >= 0 && bytesPerMs > 0 && Double.isFinite(latencyMs + bytesPerMs))) {
      throw new IllegalArgumentException(
          "a latency of %s ms and %s bytes per ms".formatted(latencyMs, bytesPerMs));
    }
  }

  /** This one, and then another way that is taken at the same time. */
  Pace then(Pace next) {
    return new Pace(latencyMs + next.latencyMs, Math.min(bytesPerMs, next.bytesPerMs));
  }
}
