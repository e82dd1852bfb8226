package io.membrane.directory.region;

import io.membrane.boot.StartupProblem;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the regions followed that a discovery names, again and again. While it cannot say, they stay
 * as they are. Thread-safe.
 */
public final class PeerWatch {

  private static final Logger log = LoggerFactory.getLogger(PeerWatch.class);

  private final PeerDiscovery discovery;
  private final Duration every;
  private final Regions regions;
  private final AtomicLong failures = new AtomicLong();

  private volatile int found;
  private boolean answers = true;
  private @Nullable ScheduledExecutorService thread;

  /**
   * Looks at nothing until it is started.
   *
   * @param every pause between two looks
   */
  public PeerWatch(PeerDiscovery discovery, Duration every, Regions regions) {
    this.discovery = discovery;
    this.every = every;
    this.regions = regions;
  }

  /**
   * Looks, and from then on again and again, unless it has begun.
   *
   * @throws StartupProblem if the discovery needs somebody to change something first
   */
  public synchronized void start() {
    if (thread != null) {
      return;
    }
    discovery.start();
    try {
      look();
    } catch (StartupProblem e) {
      discovery.stop();
      throw e;
    }
    thread =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("peers-" + name()).factory());
    long everyMs = every.toMillis();
    var _ = thread.scheduleWithFixedDelay(this::lookAgain, everyMs, everyMs, TimeUnit.MILLISECONDS);
  }

  /** Ends; the regions that are followed stay as they are. May be started again. */
  public void stop() {
    ScheduledExecutorService ending;
    synchronized (this) {
      ending = thread;
      thread = null;
    }
    if (ending != null) {
      ending.shutdownNow();
      ending.close();
      discovery.stop();
    }
  }

  /** Whether it has begun and not ended. */
  public synchronized boolean isRunning() {
    return thread != null;
  }

  /** The discovery's word for itself. */
  public String name() {
    return discovery.name();
  }

  /** How many regions the discovery named when it last answered. */
  public int found() {
    return found;
  }

  /** How often it could not say. */
  public long failures() {
    return failures.get();
  }

  private void lookAgain() {
    try {
      look();
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  private void look() {
    try {
      var peers = discovery.peers();
      found = peers.size();
      regions.found(name(), peers);
      answers = true;
    } catch (IOException e) {
      failed(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void failed(Exception e) {
    failures.incrementAndGet();
    if (answers) {
      log.warn("{} does not tell of other regions; they stay as they are", name(), e);
    }
    answers = false;
  }
}
