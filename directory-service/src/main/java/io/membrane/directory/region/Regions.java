package io.membrane.directory.region;

import io.membrane.directory.feed.LogTail;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** The other regions, each with its follower. Thread-safe. */
public final class Regions implements AutoCloseable {

  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(2);

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_LIMIT)
          .build();
  private final List<RegionFollower> followers;
  private volatile boolean isRunning;

  /**
   * Regions that are not followed yet.
   *
   * @param peers where the directory of each answers, by the region's name
   * @param ownRegion name of this region; anything if there are no others
   * @param key what the directories of all regions show to each other; as {@code ownRegion}
   * @param staleAfter a region that has said nothing for so long is stale
   */
  public Regions(
      Map<String, URI> peers,
      String ownRegion,
      String key,
      Duration staleAfter,
      LogTail tail,
      RandomGenerator random) {
    this.followers =
        peers.entrySet().stream()
            .map(peer ->
                new RegionFollower(
                    peer.getKey(), peer.getValue(), ownRegion, key, staleAfter, tail, http, random))
            .sorted(Comparator.comparing(RegionFollower::region))
            .toList();
  }

  /** Begins to follow all. */
  public void start() {
    isRunning = true;
    followers.forEach(RegionFollower::start);
  }

  /** Stops following; the image stays as it is. */
  @Override
  public void close() {
    isRunning = false;
    followers.forEach(RegionFollower::close);
  }

  public boolean isRunning() {
    return isRunning;
  }

  /** In the order of their names. */
  public List<RegionFollower> followers() {
    return followers;
  }

  /** Whether a region has said nothing for too long; true for one that is not followed. */
  public boolean isStale(String region) {
    return followers.stream().noneMatch(f -> f.region().equals(region) && !f.isStale());
  }
}
