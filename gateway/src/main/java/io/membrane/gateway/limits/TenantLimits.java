package io.membrane.gateway.limits;

import io.membrane.boot.StartupProblem;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Limits of one tenant; 0 is none.
 *
 * @param requestsPerSecond requests, on average
 * @param burst requests at once; 0: as many as in a second
 * @param concurrency requests under way
 * @param bytesInPerSecond of request bodies
 * @param bytesOutPerSecond of answers
 * @param maxBody of one request
 */
public record TenantLimits(
    @DefaultValue("0") long requestsPerSecond,
    @DefaultValue("0") long burst,
    @DefaultValue("0") int concurrency,
    @DefaultValue("0B") DataSize bytesInPerSecond,
    @DefaultValue("0B") DataSize bytesOutPerSecond,
    @DefaultValue("1GB") DataSize maxBody) {

  /** Those of a tenant for which nothing is configured. */
  static final TenantLimits DEFAULT =
      new TenantLimits(0, 0, 0, DataSize.ofBytes(0), DataSize.ofBytes(0), DataSize.ofGigabytes(1));

  TenantLimits checked(String name) {
    boolean isBelowZero =
        requestsPerSecond < 0
            || burst < 0
            || concurrency < 0
            || bytesInPerSecond.isNegative()
            || bytesOutPerSecond.isNegative()
            || maxBody.isNegative();
    if (isBelowZero) {
      throw new StartupProblem(
          "a limit below %s is less than 0".formatted(name), "Write 0, or nothing, for no limit.");
    }
    if (burst > 0 && requestsPerSecond == 0) {
      throw new StartupProblem(
          "%s.burst is set, and no %<s.requests-per-second".formatted(name),
          "Write both: how many at once, and how many on average.");
    }
    return this;
  }

  /** Whether replicas must know of each other to keep them. */
  boolean isShared() {
    return requestsPerSecond > 0
        || concurrency > 0
        || bytesInPerSecond.toBytes() > 0
        || bytesOutPerSecond.toBytes() > 0;
  }

  /** Requests that may come at once. */
  long depth() {
    return burst == 0 ? requestsPerSecond : burst;
  }

  /** The limits, or those that hold where nothing is configured. */
  static TenantLimits orDefault(@Nullable TenantLimits limits) {
    return limits == null ? DEFAULT : limits;
  }
}
