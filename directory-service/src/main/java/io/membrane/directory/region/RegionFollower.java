package io.membrane.directory.region;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.membrane.directory.feed.FeedLine;
import io.membrane.directory.feed.LogTail;
import io.membrane.directory.location.Image;
import io.membrane.rpc.WireJson;
import io.membrane.wire.DirectoryClient;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps in the image what another region holds, from the feed of its directory.
 *
 * <p>It goes on from the last cursor that it knows, with pauses that double up to ten seconds when
 * nothing can be read. While the region is told anew the old places stay beside the new ones, and
 * die when all was told. A line that cannot be understood is counted and skipped.
 */
public final class RegionFollower implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(RegionFollower.class);

  private static final int MOST_OF_AN_ANSWER = 500;

  private final String region;
  private final URI url;
  private final String ownRegion;
  private final String key;
  private final Duration staleAfter;
  private final LogTail tail;
  private final HttpClient http;
  private final Backoff backoff;
  private final AtomicLong resets = new AtomicLong();
  private final AtomicLong taken = new AtomicLong();
  private final AtomicLong skipped = new AtomicLong();

  /** What is done by the image's writer, one after the other. */
  private @Nullable String cursor;

  private volatile long heardNanos = System.nanoTime();
  private volatile long toldLagMs;
  private volatile boolean isApplying;
  private volatile boolean stopping;
  private volatile @Nullable String problem;
  private @Nullable Thread thread;

  /**
   * A follower that does not run yet.
   *
   * @param url where the region's directory answers
   * @param ownRegion name of this region
   * @param key what the directories of all regions show to each other
   * @param staleAfter a region that has said nothing for so long is stale, its connection given up
   */
  RegionFollower(
      String region,
      URI url,
      String ownRegion,
      String key,
      Duration staleAfter,
      LogTail tail,
      HttpClient http,
      RandomGenerator random) {
    this.region = region;
    this.url = url;
    this.ownRegion = ownRegion;
    this.key = key;
    this.staleAfter = staleAfter;
    this.tail = tail;
    this.http = http;
    this.backoff = new Backoff(random);
  }

  /** Begins to follow. */
  synchronized void start() {
    stopping = false;
    heardNanos = System.nanoTime();
    thread = Thread.ofVirtual().name("region-" + region).start(this::run);
  }

  /** Stops following; the image stays as it is. */
  @Override
  public synchronized void close() {
    stopping = true;
    if (thread != null) {
      thread.interrupt();
      thread = null;
    }
  }

  public String region() {
    return region;
  }

  /** Whether the region has said nothing for too long. */
  public boolean isStale() {
    return silence().compareTo(staleAfter) > 0;
  }

  /** How far the image is behind the region, in milliseconds, as far as that was told. */
  public long lagMs() {
    return toldLagMs + silence().toMillis();
  }

  /** How often all of the region was told anew. */
  public long resets() {
    return resets.get();
  }

  /** Lines that were taken in. */
  public long taken() {
    return taken.get();
  }

  /** Lines that could not be. */
  public long skipped() {
    return skipped.get();
  }

  /** Why the feed cannot be followed at the moment; null if it is. */
  public @Nullable String problem() {
    return problem;
  }

  private Duration silence() {
    return Duration.ofNanos(Math.max(0, System.nanoTime() - heardNanos));
  }

  private void run() {
    int failures = 0;
    while (!stopping) {
      long before = taken.get();
      try {
        follow();
      } catch (IOException | RuntimeException e) {
        report(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
      failures = taken.get() > before ? 0 : failures + 1;
      try {
        Thread.sleep(backoff.after(failures));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private void report(Exception e) {
    String what = e.getMessage() == null ? e.toString() : e.getMessage();
    if (!stopping && !what.equals(problem)) {
      log.warn("region {} cannot be followed at {}: {}", region, url, what);
      log.debug("region {}", region, e);
    }
    problem = what;
  }

  private void follow() throws IOException, InterruptedException {
    HttpResponse<InputStream> answer = http.send(request(), BodyHandlers.ofInputStream());
    try (InputStream body = answer.body()) {
      check(answer, body);
      heardNanos = System.nanoTime();
      Thread watch = Thread.startVirtualThread(() -> endWhenSilent(body));
      try {
        read(body);
      } finally {
        watch.interrupt();
      }
    }
  }

  private HttpRequest request() {
    String query = cursor == null ? "" : "?after=" + URLEncoder.encode(cursor, UTF_8);
    String base = url.toString().replaceFirst("/+$", "");
    return HttpRequest.newBuilder(URI.create(base + "/v1/directory/feed" + query))
        .header(DirectoryClient.PEER_HEADER, key)
        .header("Accept", "application/x-ndjson, application/problem+json")
        .timeout(staleAfter)
        .build();
  }

  private void check(HttpResponse<?> answer, InputStream body) throws IOException {
    if (answer.statusCode() != 200) {
      if (answer.statusCode() == 400) {
        cursor = null;
      }
      String text = new String(body.readNBytes(MOST_OF_AN_ANSWER), UTF_8);
      throw new IOException("it answers " + answer.statusCode() + ": " + text);
    }
    String named = answer.headers().firstValue(DirectoryClient.REGION_HEADER).orElse(null);
    if (ownRegion.equals(named)) {
      throw new IOException(
          "it says that it is " + named + ", which is this region; nothing of it is taken in");
    }
    if (!region.equals(named)) {
      throw new IOException(
          "it says that it is "
              + (named == null ? "of no region" : named)
              + ", not "
              + region
              + "; nothing of it is taken in");
    }
  }

  /** A feed gives a sign each second; one that is silent is cut off, or nobody would know. */
  private void endWhenSilent(InputStream body) {
    try {
      while (isApplying || !isStale()) {
        Thread.sleep(staleAfter.dividedBy(4));
      }
      body.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      log.debug("region {} has ended already", region, e);
    }
  }

  private void read(InputStream body) throws IOException, InterruptedException {
    Lines lines = new Lines(body);
    List<FeedLine> some = new ArrayList<>();
    for (byte[] line = lines.next(); line != null; line = lines.next()) {
      try {
        some.add(WireJson.mapper().readValue(line, FeedLine.class));
      } catch (RuntimeException e) {
        skip(e);
      }
      if (!lines.isReady()) {
        apply(some);
        some.clear();
      }
    }
    apply(some);
  }

  private void apply(List<FeedLine> lines) throws InterruptedException {
    isApplying = true;
    try {
      boolean _ =
          tail.change(image -> {
            lines.forEach(line -> take(image, line));
            return true;
          });
      heardNanos = System.nanoTime();
      problem = null;
    } finally {
      isApplying = false;
    }
  }

  private void take(Image image, FeedLine line) {
    try {
      switch (line.type()) {
        case STORED, REMOVED, CLEARED -> image.apply(region, line.entry());
        case SOURCE -> image.adopt(line.source(region), line.progress());
        case RESET -> {
          cursor = null;
          image.beginAgain(region);
          resets.incrementAndGet();
        }
        case COMPLETE -> image.complete(region);
        case AT -> toldLagMs = line.lagMs() == null ? 0 : line.lagMs();
        case null -> throw new IllegalArgumentException("a line of the feed needs its type");
      }
      taken.incrementAndGet();
    } catch (RuntimeException e) {
      skip(e);
    }
    if (line.cursor() != null) {
      cursor = line.cursor();
    }
  }

  private void skip(RuntimeException e) {
    if (skipped.getAndIncrement() == 0) {
      log.warn(
          "the feed of region {} has a line that cannot be taken in; others are counted",
          region,
          e);
    }
  }
}
