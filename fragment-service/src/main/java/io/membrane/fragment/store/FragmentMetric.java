package io.membrane.fragment.store;

/** Every metric of this service, by its Micrometer name. */
public enum FragmentMetric {
  /** Counter; tag {@code outcome}: {@code stored}, {@code same}, or the error's code. */
  PUTS("membrane.fragment.puts"),
  /**
   * Counter; tag {@code outcome}: {@code hit}, {@code miss} (also of a question without bytes), or
   * the error's code.
   */
  GETS("membrane.fragment.gets"),
  /** Counter: payload bytes stored. */
  BYTES_IN("membrane.fragment.bytes.in"),
  /** Counter: payload bytes read from Redis and found whole. */
  BYTES_OUT("membrane.fragment.bytes.out"),
  /** Counter: fragments dropped because they were not what had been stored. */
  CORRUPT("membrane.fragment.corrupt"),
  /** Timer of Redis calls; tags {@code call} and {@code outcome}. */
  REDIS("membrane.fragment.redis"),
  /** Gauge: payload bytes held in memory. */
  IN_FLIGHT("membrane.fragment.in.flight.bytes");

  private final String meter;

  FragmentMetric(String meter) {
    this.meter = meter;
  }

  /** Name of the meter. */
  public String meter() {
    return meter;
  }
}
