package io.membrane.rpc;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * How this service calls others.
 *
 * @param peers base URL by service name, e.g. {@code membrane.client.peers.directory-service}
 * @param connectTimeout time to open a connection
 * @param defaultDeadline time for a call whose caller named none
 * @param maxConcurrent calls under way at once per peer
 * @param attempts tries of an idempotent call, the first included
 * @param openFor how long a peer that keeps failing is left alone
 */
@Validated
@ConfigurationProperties("membrane.client")
public record ClientProperties(
    @DefaultValue Map<String, @NotNull URI> peers,
    @DefaultValue("500ms") Duration connectTimeout,
    @DefaultValue("60s") Duration defaultDeadline,
    @DefaultValue("64") @Min(1) @Max(10_000) int maxConcurrent,
    @DefaultValue("3") @Min(1) @Max(10) int attempts,
    @DefaultValue("2s") Duration openFor) {

  public ClientProperties {
    peers = Map.copyOf(peers);
  }
}
