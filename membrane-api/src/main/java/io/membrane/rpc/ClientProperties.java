package io.membrane.rpc;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * How this service calls others.
 *
 * @param peers base URLs by service name, e.g. {@code membrane.client.peers.directory-service}; the
 *     gateway takes several of one service, the others one
 * @param connectTimeout time to open a connection
 * @param defaultDeadline time for a call whose caller named none
 * @param maxConcurrent calls under way at once per peer
 * @param attempts tries of an idempotent call, the first included
 * @param openFor how long a peer that keeps failing is left alone
 */
@Validated
@ConfigurationProperties("membrane.client")
public record ClientProperties(
    @DefaultValue Map<String, @NotEmpty List<@NotNull URI>> peers,
    @DefaultValue("500ms") Duration connectTimeout,
    @DefaultValue("60s") Duration defaultDeadline,
    @DefaultValue("64") @Min(1) @Max(10_000) int maxConcurrent,
    @DefaultValue("3") @Min(1) @Max(10) int attempts,
    @DefaultValue("2s") Duration openFor) {

  public ClientProperties {
    peers = asNamed(peers);
  }

  /**
   * Where a service is that is called at one place; null if nothing is said.
   *
   * @throws IllegalStateException if several places are named
   */
  public @Nullable URI url(String service) {
    List<URI> urls = peers.getOrDefault(service, List.of());
    if (urls.size() > 1) {
      throw new IllegalStateException(
          "membrane.client.peers.%s names %d URLs, and the gateway alone takes several: name one, of a balancer"
              .formatted(service, urls.size()));
    }
    return urls.isEmpty() ? null : urls.getFirst();
  }

  /**
   * An environment variable cannot spell the dash of {@code directory-service}, so Spring binds it
   * beside the file's entry, under a key without dash. Entries come in the order of precedence: the
   * first value counts, under the name with dashes.
   */
  private static Map<String, List<URI>> asNamed(Map<String, List<URI>> bound) {
    Map<String, String> names = new LinkedHashMap<>();
    Map<String, List<URI>> first = new LinkedHashMap<>();
    bound.forEach((name, urls) -> {
      String bare = name.replace("-", "");
      names.merge(bare, name, (a, b) -> a.length() < b.length() ? b : a);
      first.putIfAbsent(bare, urls);
    });
    Map<String, List<URI>> named = new LinkedHashMap<>();
    first.forEach((bare, urls) -> named.put(names.getOrDefault(bare, bare), List.copyOf(urls)));
    return Map.copyOf(named);
  }
}
