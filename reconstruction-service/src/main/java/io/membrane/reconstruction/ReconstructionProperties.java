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
 */
@Validated
@ConfigurationProperties("membrane.reconstruction")
record ReconstructionProperties(
    @DefaultValue Map<String, @NotNull ClusterProperties> clusters,
    @DefaultValue("131072") @Min(1) @Max(131_072) int maxTokens,
    @DefaultValue("64MB") DataSize maxFragment,
    @DefaultValue("4") @Min(1) @Max(1024) int maxDeliveries,
    @DefaultValue("15m") Duration explanationTtl) {

  /**
   * A cluster.
   *
   * @param url base URL of its compute-worker
   * @param role what it does
   */
  record ClusterProperties(@Nullable URI url, @Nullable Role role) {}

  ReconstructionProperties {
    clusters = Collections.unmodifiableMap(new LinkedHashMap<>(clusters));
  }
}
