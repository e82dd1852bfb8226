package io.membrane.directory.gossip;

import io.membrane.boot.StartupProblem;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Whether directories find each other by gossip, and where.
 *
 * @param port at which this one listens, 0 for any that is free; null: no gossip
 * @param host address at which it listens; null: all
 * @param seeds {@code host:port} of members by which the others are found; none for the first
 * @param externalHost where the others reach this one, if not at {@code host}
 * @param externalPort as {@code externalHost}, if not at {@code port}
 * @param url where this directory answers to the others; needed with {@code port}
 * @param every how often a member looks whether another is there, a second to a minute
 */
@ConfigurationProperties("membrane.directory.gossip")
public record GossipProperties(
    @Nullable Integer port,
    @Nullable String host,
    @DefaultValue List<String> seeds,
    @Nullable String externalHost,
    @Nullable Integer externalPort,
    @Nullable URI url,
    @DefaultValue("5s") Duration every) {

  private static final String PREFIX = "membrane.directory.gossip.";
  private static final Pattern SEED = Pattern.compile("(\\S+):([0-9]{1,5})");
  private static final int MOST_PORT = 65_535;
  private static final Duration LEAST = Duration.ofSeconds(1);
  private static final Duration MOST = Duration.ofMinutes(1);

  /** Stops the start if a port is named and a value cannot be meant. */
  public GossipProperties {
    seeds = List.copyOf(seeds);
    if (port != null) {
      require(port >= 0 && port <= MOST_PORT, "port", port, "0 to 65535, for example 7946");
      require(
          externalPort == null || (externalPort > 0 && externalPort <= MOST_PORT),
          "external-port",
          externalPort,
          "1 to 65535, for example 7946");
      require(
          url != null && isHttp(url),
          "url",
          url,
          "the URL at which directories of other regions reach this one, for example"
              + " http://directory.eu-west.example:8081");
      for (String seed : seeds) {
        require(isSeed(seed), "seeds", seed, "host:port, separated by commas");
      }
      require(
          every.compareTo(LEAST) >= 0 && every.compareTo(MOST) <= 0,
          "every",
          every,
          "1s to 1m, for example 5s");
    }
  }

  static boolean isHttp(URI url) {
    boolean isHttp = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
    return isHttp && url.getHost() != null && url.getQuery() == null;
  }

  private static boolean isSeed(String seed) {
    var parts = SEED.matcher(seed);
    return parts.matches()
        && Integer.parseInt(parts.group(2)) > 0
        && Integer.parseInt(parts.group(2)) <= MOST_PORT;
  }

  private static void require(
      boolean holds, String property, @Nullable Object value, String wanted) {
    if (!holds) {
      throw new StartupProblem(
          PREFIX + property + " is " + value,
          "Set " + PREFIX + property + " to " + wanted + ", or remove " + PREFIX + "port.");
    }
  }
}
