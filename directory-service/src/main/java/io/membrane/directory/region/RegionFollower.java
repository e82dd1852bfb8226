package io.membrane.directory.region;

import io.membrane.directory.feed.FeedLine;
import io.membrane.directory.feed.LogTail;
import io.membrane.rpc.WireJson;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps in the image what another region holds, from the feed of one of its directories.
 *
 * <p>It goes on from the last cursor that it knows, with pauses that double up to ten seconds when
 * nothing can be read, at the next address if there are several. While the region is told anew the
 * old places stay beside the new ones, and die when all was told. A line that cannot be understood
 * is counted and skipped.
 */
public final class RegionFollower implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(RegionFollower.class);

  private final String region;
  private final Duration staleAfter;
  private final RegionIntake intake;
  private final FeedLink link;
  private final Backoff backoff;

  /** Given to wake the follower: its address is none any more. */
  private final Semaphore moved = new Semaphore(0);

  private volatile List<URI> urls;
  private volatile URI url;
  private volatile @Nullable InputStream reading;
  private volatile long heardNanos = System.nanoTime();
  private volatile @Nullable String problem;
  private volatile @Nullable Thread thread;

  /**
   * A follower that does not run yet.
   *
   * @param urls where the region's directories answer, one at least; any will do
   */
  RegionFollower(
      String region,
      List<URI> urls,
      Following following,
      LogTail tail,
      PeerCalls calls,
      RandomGenerator random) {
    this.region = region;
    this.urls = urls;
    this.url = urls.getFirst();
    this.staleAfter = following.staleAfter();
    this.intake = new RegionIntake(region, tail);
    this.link = new FeedLink(region, following, calls);
    this.backoff = new Backoff(random);
  }

  /** Begins to follow, unless it has. */
  synchronized void start() {
    if (thread == null) {
      heardNanos = System.nanoTime();
      Thread made = Thread.ofVirtual().name("region-" + region).unstarted(this::run);
      thread = made;
      made.start();
    }
  }

  /** Stops following; the image stays as it is. */
  @Override
  public synchronized void close() {
    Thread ending = thread;
    thread = null;
    if (ending != null) {
      ending.interrupt();
    }
  }

  /**
   * Stops following, and ends all that is known of the region.
   *
   * @throws io.membrane.rpc.MembraneException if the image is not kept any more; may be called
   *     again
   * @throws InterruptedException it may be done yet
   */
  void forget() throws InterruptedException {
    close();
    intake.endAll();
  }

  /**
   * Where the region's directories answer from now on, one at least. The one that is read is kept
   * if it is among them.
   */
  void answersAt(List<URI> urls) {
    this.urls = urls;
    if (!urls.contains(url)) {
      moved.release();
      InputStream body = reading;
      if (body != null) {
        close(body);
      }
    }
  }

  public String region() {
    return region;
  }

  /** Where it is read, or was tried last. */
  public URI url() {
    return url;
  }

  /** Whether the region has said nothing for too long. */
  public boolean isStale() {
    return silence().compareTo(staleAfter) > 0;
  }

  /** How far the image is behind the region, in milliseconds, as far as that was told. */
  public long lagMs() {
    return intake.toldLagMs() + silence().toMillis();
  }

  /** How often all of the region was told anew. */
  public long resets() {
    return intake.resets();
  }

  /** Lines that were taken in. */
  public long taken() {
    return intake.taken();
  }

  /** Lines that could not be. */
  public long skipped() {
    return intake.skipped();
  }

  /** Why the feed cannot be followed at the moment; null if it is. */
  public @Nullable String problem() {
    return problem;
  }

  /** For how long the region has said nothing. */
  Duration silence() {
    return Duration.ofNanos(Math.max(0, System.nanoTime() - heardNanos));
  }

  private boolean isWanted() {
    return thread != null;
  }

  private void run() {
    int failures = 0;
    while (Thread.currentThread().equals(thread)) {
      long before = taken();
      try {
        follow();
      } catch (IOException | RuntimeException e) {
        report(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
      failures = taken() > before ? 0 : failures + 1;
      try {
        boolean _ = moved.tryAcquire(backoff.after(failures).toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
      turn(failures > 0);
    }
  }

  /** Goes to the next address if this one failed or is none any more. */
  private void turn(boolean hasFailed) {
    List<URI> all = urls;
    int at = all.indexOf(url);
    if (hasFailed || at < 0) {
      url = all.get((at + 1) % all.size());
    }
  }

  private void report(Exception e) {
    String what = e.getMessage() == null ? e.toString() : e.getMessage();
    if (isWanted() && urls.contains(url) && !what.equals(problem)) {
      log.warn("region {} cannot be followed at {}: {}", region, url, what);
      log.debug("region {}", region, e);
    }
    problem = what;
  }

  private void follow() throws IOException, InterruptedException {
    HttpResponse<InputStream> answer = link.ask(url, intake.cursor());
    try (InputStream body = answer.body()) {
      if (answer.statusCode() == 400) {
        intake.forgetCursor();
      }
      link.check(answer);
      heardNanos = System.nanoTime();
      reading = body;
      if (!urls.contains(url)) {
        return;
      }
      SilenceWatch watch = new SilenceWatch(body, this::isSilent, staleAfter.dividedBy(4));
      try (watch) {
        read(body);
      }
    } finally {
      reading = null;
    }
  }

  /** A feed gives a sign each second; one that is silent is cut off, or nobody would know. */
  private boolean isSilent() {
    return !intake.isApplying() && isStale();
  }

  private void close(InputStream body) {
    try {
      body.close();
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
        intake.skip(e);
      }
      if (!lines.isReady()) {
        apply(some);
        some.clear();
      }
    }
    apply(some);
  }

  private void apply(List<FeedLine> lines) throws InterruptedException {
    intake.apply(lines, this::isWanted);
    heardNanos = System.nanoTime();
    problem = null;
  }
}
