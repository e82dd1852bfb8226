package io.membrane.directory.region;

import io.membrane.directory.feed.LogTail;
import io.membrane.rpc.PeerTls;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The other regions, each with its follower: those that are configured, and those that discoveries
 * name. A configured one is followed where the configuration says. One that no discovery names any
 * more is followed on where it last was; it is forgotten, with all that is known of it, once it was
 * neither named nor heard for long. Thread-safe.
 */
public final class Regions implements AutoCloseable {

  /** Other regions that are followed at most. */
  public static final int MAX_PEERS = 63;

  private static final Logger log = LoggerFactory.getLogger(Regions.class);
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(2);
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  private final PeerCalls calls;
  private final Set<String> configured;
  private final Following following;
  private final LogTail tail;
  private final RandomGenerator random;
  private final ConcurrentSkipListMap<String, RegionFollower> followers =
      new ConcurrentSkipListMap<>();

  /** What each discovery said last. */
  private final SortedMap<String, Map<String, List<URI>>> told = new TreeMap<>();

  private final Map<String, Long> namedNanos = new HashMap<>();

  /** Names that were refused, to say it once. */
  private final Set<String> refused = new HashSet<>();

  private Consumer<RegionFollower> whenFollowed = follower -> {};
  private Consumer<RegionFollower> whenForgotten = follower -> {};
  private volatile boolean isRunning;

  /**
   * Regions that are not followed yet.
   *
   * @param peers where the directory of each configured one answers, by the region's name
   */
  public Regions(
      Map<String, URI> peers,
      Following following,
      PeerTls tls,
      LogTail tail,
      RandomGenerator random) {
    this.configured = Set.copyOf(peers.keySet());
    this.following = following;
    this.calls = new PeerCalls(tls, CONNECT_LIMIT);
    this.tail = tail;
    this.random = random;
    peers.forEach((region, url) -> followers.put(region, follower(region, List.of(url))));
  }

  /** Begins to follow all. */
  public synchronized void start() {
    isRunning = true;
    followers.values().forEach(RegionFollower::start);
  }

  /** Stops following; the image stays as it is. */
  @Override
  public synchronized void close() {
    isRunning = false;
    followers.values().forEach(RegionFollower::close);
  }

  public boolean isRunning() {
    return isRunning;
  }

  /** In the order of their names. */
  public List<RegionFollower> followers() {
    return List.copyOf(followers.values());
  }

  /** Whether a region has said nothing for too long; true for one that is not followed. */
  public boolean isStale(String region) {
    RegionFollower follower = followers.get(region);
    return follower == null || follower.isStale();
  }

  /** Who is to be told of regions that are followed, of those that are already too, and not. */
  public synchronized void observe(
      Consumer<RegionFollower> followed, Consumer<RegionFollower> forgotten) {
    whenFollowed = followed;
    whenForgotten = forgotten;
    followers.values().forEach(followed);
  }

  /**
   * All that a discovery knows now.
   *
   * @param peers where directories answer, by the names of their regions; what cannot be meant is
   *     left out
   * @throws InterruptedException some of it may not have been done
   */
  synchronized void found(String discovery, Map<String, List<URI>> peers)
      throws InterruptedException {
    told.put(discovery, Map.copyOf(peers));
    refused.retainAll(named());
    for (String region : named()) {
      if (isFollowable(discovery, region)) {
        followAt(region, urls(region));
      }
    }
    for (String region : followers.keySet()) {
      if (isGone(region)) {
        forget(region);
      }
    }
  }

  private Set<String> named() {
    Set<String> named = new LinkedHashSet<>();
    told.values().forEach(peers -> named.addAll(peers.keySet()));
    return named;
  }

  private List<URI> urls(String region) {
    return told.values().stream()
        .flatMap(peers -> peers.getOrDefault(region, List.of()).stream())
        .filter(url -> url.getHost() != null)
        .distinct()
        .toList();
  }

  private boolean isFollowable(String discovery, String region) {
    String problem = null;
    if (region.equals(following.ownRegion())) {
      problem = "that is this region's own name; one of the two has to be renamed or left out";
    } else if (!NAME.matcher(region).matches()) {
      problem = "a name has 1 to 64 letters, digits, '.', '_' and '-'";
    } else if (!followers.containsKey(region) && followers.size() >= MAX_PEERS) {
      problem = MAX_PEERS + " others are followed already";
    }
    if (problem == null) {
      refused.remove(region);
    } else if (refused.add(region)) {
      log.error("region '{}', named by {}, is not followed: {}", region, discovery, problem);
    }
    return problem == null && !configured.contains(region);
  }

  private void followAt(String region, List<URI> urls) {
    if (urls.isEmpty()) {
      return;
    }
    namedNanos.put(region, System.nanoTime());
    RegionFollower follower = followers.get(region);
    if (follower == null) {
      log.info("region {} is followed at {}", region, urls);
      follower = follower(region, urls);
      followers.put(region, follower);
      whenFollowed.accept(follower);
    } else {
      follower.answersAt(urls);
    }
    if (isRunning) {
      follower.start();
    }
  }

  private boolean isGone(String region) {
    Long named = namedNanos.get(region);
    RegionFollower follower = followers.get(region);
    return !configured.contains(region)
        && named != null
        && follower != null
        && Duration.ofNanos(System.nanoTime() - named).compareTo(following.forgetAfter()) > 0
        && follower.silence().compareTo(following.forgetAfter()) > 0;
  }

  private void forget(String region) throws InterruptedException {
    RegionFollower follower = followers.get(region);
    if (follower != null) {
      follower.forget();
      followers.remove(region);
      namedNanos.remove(region);
      whenForgotten.accept(follower);
      log.warn(
          "region {} was neither named nor heard for {} and is forgotten",
          region,
          following.forgetAfter());
    }
  }

  private RegionFollower follower(String region, List<URI> urls) {
    return new RegionFollower(region, urls, following, tail, calls, random);
  }
}
