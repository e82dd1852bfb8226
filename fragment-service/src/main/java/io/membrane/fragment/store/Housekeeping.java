package io.membrane.fragment.store;

import io.membrane.leadership.Leadership;
import io.membrane.rpc.MembraneException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What has to be done from time to time, by every replica but for the sweep. Does nothing harmful
 * twice.
 */
final class Housekeeping {

  private static final Logger log = LoggerFactory.getLogger(Housekeeping.class);

  /** How long a replica may serve from memory what another has removed. */
  static final Duration FOLLOW = Duration.ofMillis(50);

  private static final Duration TIDY = Duration.ofSeconds(1);

  private final Follower follower;
  private final Inventories inventories;
  private final Uses uses;
  private final Catalog catalog;
  private final RedisRoom room;
  private final ResumableUploads uploads;
  private final Sweep sweep;
  private @Nullable ScheduledExecutorService threads;

  Housekeeping(
      Follower follower,
      Inventories inventories,
      Uses uses,
      Catalog catalog,
      RedisRoom room,
      ResumableUploads uploads,
      Sweep sweep) {
    this.follower = follower;
    this.inventories = inventories;
    this.uses = uses;
    this.catalog = catalog;
    this.room = room;
    this.uploads = uploads;
    this.sweep = sweep;
  }

  /**
   * Begins, unless it has begun.
   *
   * @param sweeps whether this replica sweeps; a sweep that has begun goes on
   * @param sweepEvery how long it rests between two sweeps
   */
  synchronized void start(Leadership sweeps, Duration sweepEvery) {
    if (threads != null) {
      return;
    }
    ScheduledExecutorService started =
        Executors.newScheduledThreadPool(
            2, Thread.ofPlatform().daemon().name("housekeeping-", 0).factory());
    every(FOLLOW, follower::catchUp, started);
    every(TIDY, this::tidy, started);
    every(TIDY, inventories::follow, started);
    every(
        sweepEvery,
        () -> {
          if (sweeps.leads()) {
            sweep.run();
          }
        },
        started);
    threads = started;
  }

  /** Ends, and waits for what is being done; may begin again. */
  synchronized void stop() {
    if (threads != null) {
      threads.close();
      threads = null;
    }
  }

  /** Learns at once what other replicas have changed. */
  void catchUp() {
    follower.catchUp();
  }

  /** Looks for what has been left behind. */
  Sweep.Swept sweep() {
    return sweep.run();
  }

  /** Tells Redis what was read, and removes what has ended or is over the limit. */
  void tidy() {
    try {
      Map<Name, Integer> drained = uses.drain();
      if (!drained.isEmpty()) {
        catalog.touch(drained);
      }
    } finally {
      // A Redis that is too full for the one gets room by the other.
      room.tidy();
    }
    uploads.expire();
  }

  private static void every(Duration period, Runnable work, ScheduledExecutorService threads) {
    var _ =
        threads.scheduleWithFixedDelay(
            () -> {
              try {
                work.run();
              } catch (MembraneException e) {
                log.debug("not done, will be tried again: {}", e.getMessage());
              } catch (RuntimeException e) {
                log.error("housekeeping failed; will be tried again", e);
              }
            },
            period.toMillis(),
            period.toMillis(),
            TimeUnit.MILLISECONDS);
  }
}
