package io.membrane.gateway.limits;

import io.membrane.boot.StartupProblem;
import io.membrane.rpc.CallContext;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.context.properties.bind.Name;
import org.springframework.util.unit.DataSize;

/**
 * Limits of all tenants.
 *
 * @param others of tenants that are not named ({@code membrane.gateway.limits.default})
 * @param tenants by name; each instead of the default, not on top of it
 * @param minBodyRate bytes per second that a body must bring on average, once it has taken longer
 *     than {@code slowBodyAfter}; 0 is none
 */
@ConfigurationProperties("membrane.gateway.limits")
public record LimitProperties(
    @Name("default") @Nullable TenantLimits others,
    @DefaultValue Map<String, TenantLimits> tenants,
    @DefaultValue("1KB") DataSize minBodyRate,
    @DefaultValue("10s") Duration slowBodyAfter) {

  private static final String PREFIX = "membrane.gateway.limits.";

  public LimitProperties {
    tenants = Map.copyOf(tenants);
  }

  /**
   * Itself.
   *
   * @param redis whether replicas can know of each other
   * @throws StartupProblem if a limit is none or cannot be kept
   */
  public LimitProperties checked(boolean redis) {
    TenantLimits.orDefault(others).checked(PREFIX + "default");
    tenants.forEach((tenant, limits) -> {
      if (!CallContext.isTenant(tenant)) {
        throw new StartupProblem(
            PREFIX + "tenants has " + tenant + ", which no tenant can be called",
            "Write 1 to 128 letters, digits, '.', '_' and '-', in brackets if there is a '.'.");
      }
      limits.checked(PREFIX + "tenants." + tenant);
    });
    if (minBodyRate.isNegative() || !slowBodyAfter.isPositive()) {
      throw new StartupProblem(
          PREFIX + "min-body-rate or .slow-body-after is below 0",
          "Write for example 1KB and 10s.");
    }
    if (!redis && isShared()) {
      throw new StartupProblem(
          PREFIX + "* are kept in Redis, and none is configured",
          "Set spring.data.redis.url, or leave out all limits but max-body.");
    }
    return this;
  }

  /** Whether any tenant has limits that are kept in Redis. */
  private boolean isShared() {
    return Stream.concat(Stream.of(TenantLimits.orDefault(others)), tenants.values().stream())
        .anyMatch(TenantLimits::isShared);
  }

  /** Whether a tenant has others than those that hold where nothing is configured. */
  boolean areSetFor(String tenant) {
    return !of(tenant).equals(TenantLimits.DEFAULT);
  }

  /** Those of a tenant. */
  TenantLimits of(String tenant) {
    TenantLimits own = tenants.get(tenant);
    return own == null ? TenantLimits.orDefault(others) : own;
  }
}
