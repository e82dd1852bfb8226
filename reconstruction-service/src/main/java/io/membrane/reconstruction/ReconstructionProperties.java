package io.membrane.reconstruction;

import io.membrane.wire.SchedulerClient.Role;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * What this service may be told.
 *
 * @param clusters where prompts are prefilled, by the name under which their fragments are
 *     announced; at least one
 * @param maxTokens longest prompt
 * @param maxFragment largest fragment that is passed through
 * @param maxDeliveries deliveries of bytes under way at once; heap for {@code maxFragment} each
 * @param explanationTtl how long an explanation is kept
 * @param lease after which a replica that died while it computed a prompt is replaced
 * @param fetch what is expected of fetches
 */
@Validated
@ConfigurationProperties("membrane.reconstruction")
record ReconstructionProperties(
    @DefaultValue Map<String, @NotNull ClusterProperties> clusters,
    @DefaultValue("131072") @Min(1) @Max(131_072) int maxTokens,
    @DefaultValue("64MB") DataSize maxFragment,
    @DefaultValue("4") @Min(1) @Max(1024) int maxDeliveries,
    @DefaultValue("15m") Duration explanationTtl,
    @DefaultValue("5s") Duration lease,
    @DefaultValue FetchProperties fetch) {

  /**
   * A cluster.
   *
   * @param url base URL of its compute-worker
   * @param role what it does
   */
  record ClusterProperties(@Nullable URI url, @Nullable Role role) {}

  /**
   * What is expected of fetches before this process has made some. The defaults are rounded from
   * {@code docs/benchmarks.md}; the link between clusters is one of 10 Gbps.
   *
   * @param memoryLatency before the first byte from the memory of a fragment-service
   * @param memoryRate bytes a second from there
   * @param redisLatency before the first byte from Redis
   * @param redisRate bytes a second from there
   * @param crossingLatency what comes on top where bytes cross from one cluster to another
   * @param crossingRate the most bytes a second there
   * @param leastGain by which computing what is stored has to be faster than fetching it
   * @param halfLife after which what was seen counts half
   */
  record FetchProperties(
      @DefaultValue("2ms") Duration memoryLatency,
      @DefaultValue("1GB") DataSize memoryRate,
      @DefaultValue("2ms") Duration redisLatency,
      @DefaultValue("500MB") DataSize redisRate,
      @DefaultValue("20ms") Duration crossingLatency,
      @DefaultValue("1GB") DataSize crossingRate,
      @DefaultValue("10ms") Duration leastGain,
      @DefaultValue("2m") Duration halfLife) {}

  ReconstructionProperties {
    clusters = Collections.unmodifiableMap(new LinkedHashMap<>(clusters));
  }
}
