package io.membrane.fragment.store;

import io.membrane.leadership.Leadership;
import io.membrane.rpc.MembraneException;
import java.time.Duration;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
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

  /** For how long uses are counted before Redis hears of them: of a name once in that time. */
  private static final Duration COUNT = Duration.ofSeconds(5);

  /** With {@link #TOLD_AT_ONCE}, all that {@link Uses} counts at most is told in that time. */
  private static final Duration TELL = Duration.ofMillis(8);

  /** Redis does nothing else while it hears of these: about a third of a millisecond. */
  private static final int TOLD_AT_ONCE = 32;

  private final Follower follower;
  private final Bodies bodies;
  private final Inventories inventories;
  private final Uses uses;
  private final Catalog catalog;
  private final RedisRoom room;
  private final ResumableUploads uploads;
  private final Sweep sweep;
  private Iterator<Map.Entry<Name, Integer>> untold = Collections.emptyIterator();
  private long countedSince = System.nanoTime();
  private @Nullable ScheduledExecutorService threads;

  Housekeeping(
      Follower follower,
      Bodies bodies,
      Inventories inventories,
      Uses uses,
      Catalog catalog,
      RedisRoom room,
      ResumableUploads uploads,
      Sweep sweep) {
    this.follower = follower;
    this.bodies = bodies;
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
    every(FOLLOW, this::catchUp, started);
    every(TELL, this::tell, started);
    every(TIDY, this::makeRoom, started);
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

  /** Ends, waits for what is being done, and unlinks what was given up; may begin again. */
  synchronized void stop() {
    if (threads != null) {
      threads.close();
      threads = null;
    }
    bodies.unlinkGivenUp();
  }

  /** Learns at once what other replicas have changed, and unlinks what was given up. */
  void catchUp() {
    bodies.unlinkGivenUp();
    follower.catchUp();
  }

  /** Looks for what has been left behind. */
  Sweep.Swept sweep() {
    return sweep.run();
  }

  /** Tells Redis what was read, and removes what has ended or is over the limit. */
  void tidy() {
    try {
      Iterator<Map.Entry<Name, Integer>> read = uses.drain().entrySet().iterator();
      while (read.hasNext()) {
        touch(read);
      }
    } finally {
      // A Redis that is too full for the one gets room by the other.
      makeRoom();
    }
  }

  /** Tells Redis of some of what was read. */
  private void tell() {
    long now = System.nanoTime();
    if (!untold.hasNext() && now - countedSince >= COUNT.toNanos()) {
      untold = uses.drain().entrySet().iterator();
      countedSince = now;
    }
    if (untold.hasNext()) {
      touch(untold);
    }
  }

  private void touch(Iterator<Map.Entry<Name, Integer>> read) {
    Map<Name, Integer> some = new LinkedHashMap<>();
    while (read.hasNext() && some.size() < TOLD_AT_ONCE) {
      Map.Entry<Name, Integer> each = read.next();
      some.put(each.getKey(), each.getValue());
    }
    catalog.touch(some);
  }

  private void makeRoom() {
    room.tidy();
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
