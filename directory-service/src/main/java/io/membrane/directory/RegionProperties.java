package io.membrane.directory;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.membrane.boot.StartupProblem;
import io.membrane.directory.region.Regions;
import java.net.URI;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What the directory is told of regions.
 *
 * @param region the name of this one, as the others call it; null where there is only one
 * @param peers where the directory of each other region answers, by the region's name
 * @param peerKey what directories show to each other to be told of every tenant; null: nobody is
 * @param staleAfter a region that has said nothing for so long is called stale
 * @param forgetAfter a region that was discovered, and was neither named nor heard for so long, is
 *     forgotten
 */
@ConfigurationProperties("membrane.directory")
record RegionProperties(
    @Nullable String region,
    @DefaultValue Map<String, URI> peers,
    @Nullable String peerKey,
    @DefaultValue("10s") Duration staleAfter,
    @DefaultValue("24h") Duration forgetAfter) {

  private static final Pattern REGION = Pattern.compile("[A-Za-z0-9._-]{1,64}");
  private static final int LEAST_KEY = 16;
  private static final Duration LEAST_STALE = Duration.ofSeconds(2);

  RegionProperties {
    peers = Map.copyOf(peers);
  }

  /** Whether this is the peers' key; takes as long for a wrong one as for another. */
  boolean isPeerKey(String key) {
    return peerKey != null && MessageDigest.isEqual(peerKey.getBytes(UTF_8), key.getBytes(UTF_8));
  }

  /** Stops the start if a value cannot be meant. */
  RegionProperties checked() {
    if (region != null) {
      checkName("membrane.directory.region", region);
    }
    peers.forEach((name, url) -> {
      checkName("a region of membrane.directory.peers", name);
      checkUrl("membrane.directory.peers." + name, url);
    });
    if (!peers.isEmpty() && region == null) {
      throw new StartupProblem(
          "membrane.directory.peers names other regions, but this one has no name",
          "Write membrane.directory.region, the name by which they call this region.");
    }
    if (region != null && peers.containsKey(region)) {
      throw new StartupProblem(
          "membrane.directory.peers names " + region + ", which is this region itself",
          "Remove membrane.directory.peers." + region + ", or correct membrane.directory.region.");
    }
    if (peers.size() > Regions.MAX_PEERS) {
      throw new StartupProblem(
          "membrane.directory.peers names " + peers.size() + " regions",
          "Name at most " + Regions.MAX_PEERS + " others.");
    }
    if (peerKey != null && peerKey.length() < LEAST_KEY) {
      throw new StartupProblem(
          "membrane.directory.peer-key is shorter than " + LEAST_KEY + " characters",
          "Write a secret of at least " + LEAST_KEY + " characters, the same in all regions.");
    }
    if (!peers.isEmpty() && peerKey == null) {
      throw new StartupProblem(
          "membrane.directory.peers names other regions, but there is no key for them",
          "Write membrane.directory.peer-key, the same secret in all regions.");
    }
    if (staleAfter.compareTo(LEAST_STALE) < 0) {
      throw new StartupProblem(
          "membrane.directory.stale-after is " + staleAfter,
          "Write at least 2s, since a directory gives a sign each second; for example 10s.");
    }
    if (forgetAfter.compareTo(staleAfter) < 0) {
      throw new StartupProblem(
          "membrane.directory.forget-after is " + forgetAfter,
          "Write more than membrane.directory.stale-after; for example 24h.");
    }
    return this;
  }

  /** The name of this region. Stops the start if there is none, or no key. */
  String regionFor(String property) {
    if (region == null) {
      throw new StartupProblem(
          property + " lets other regions be found, but this one has no name",
          "Write membrane.directory.region, the name by which they call this region, or remove "
              + property
              + ".");
    }
    keyFor(property);
    return region;
  }

  /** The key of the peers. Stops the start if there is none. */
  String keyFor(String property) {
    if (peerKey == null) {
      throw new StartupProblem(
          property + " lets other regions be found, but there is no key for them",
          "Write membrane.directory.peer-key, the same secret in all regions, or remove "
              + property
              + ".");
    }
    return peerKey;
  }

  private static void checkName(String what, String name) {
    if (!REGION.matcher(name).matches()) {
      throw new StartupProblem(
          what + " is '" + name + "'",
          "Write 1 to 64 letters, digits, '.', '_' and '-', for example eu-west.");
    }
  }

  private static void checkUrl(String property, URI url) {
    boolean isHttp = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
    if (!isHttp || url.getHost() == null || url.getQuery() != null) {
      throw new StartupProblem(
          property + " is " + url, "Write a URL like http://directory.eu-west.example:8081.");
    }
  }

  /** Without the secret. */
  @Override
  public String toString() {
    return "RegionProperties[region=%s, peers=%s, staleAfter=%s, forgetAfter=%s]"
        .formatted(region, peers, staleAfter, forgetAfter);
  }
}
