package io.membrane.directory.engine;

import io.membrane.block.BlockHash;
import io.membrane.block.ContentDigest;
import io.membrane.block.Namespace;
import io.membrane.directory.engine.EngineRegistry.Followed;
import io.membrane.directory.engine.EngineRegistry.Registered;
import io.membrane.directory.feed.EventLog;
import io.membrane.directory.feed.LogTail;
import io.membrane.directory.location.Image;
import io.membrane.directory.location.Source;
import io.membrane.placement.Placement;
import io.membrane.placement.PlacementNode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.zeromq.ZMQ;

/**
 * Follows registered engines over ZeroMQ.
 *
 * <p>Which of the directory's replicas follows an engine is rendezvous hashing's choice among those
 * that live: each says in Redis that it does, and for how long at most if it is not heard of again.
 * While two replicas differ about who lives, both may follow an engine, in epochs of their own, of
 * which the later one counts. Whoever takes over asks the publisher for all that it has: which of
 * an engine's names mean which block is known to the follower alone. An engine without replay is
 * then known from the take-over on.
 *
 * <p>Needs a thread for each engine.
 */
public final class ZmqEngines implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ZmqEngines.class);
  private static final Duration LEASE = Duration.ofSeconds(10);
  private static final int TICK_MS = 500;
  private static final int STOP_MS = 10_000;

  /** Before an engine that could not be followed is tried again. */
  private static final Duration REST = Duration.ofSeconds(5);

  private final EngineRegistry registry;
  private final EventSink sink;
  private final EngineCounts counts;
  private final Clock clock;
  private final String replica = UUID.randomUUID().toString();
  private final Semaphore room;
  private final Map<String, EngineFollower> followers = new ConcurrentHashMap<>();
  private final Map<String, Instant> resting = new HashMap<>();
  private @Nullable Thread thread;
  private volatile boolean isStopping;

  /**
   * Follows what {@code registry} names and writes it to {@code log}, once started.
   *
   * @param tail what reads {@code log} into {@code image}
   * @param maxBlocks blocks of all engines together that are kept; further ones are not told
   */
  public ZmqEngines(
      EngineRegistry registry,
      EventLog log,
      LogTail tail,
      Image image,
      int maxBlocks,
      EngineCounts counts,
      Clock clock) {
    this.registry = registry;
    this.sink = new LogSink(log, tail, image, registry, clock);
    this.room = new Semaphore(maxBlocks);
    this.counts = counts;
    this.clock = clock;
  }

  /** Engines that this replica follows and that are followed so far. */
  public long following(EngineState.Phase phase) {
    return followers.values().stream().filter(f -> f.state().phase() == phase).count();
  }

  /**
   * The leading blocks that a tenant's engines mean by names of their own: as many as any of those
   * knows that this replica follows.
   *
   * @param names 64 bits each, in order
   */
  public List<BlockHash> chain(String tenant, Namespace namespace, List<Long> names) {
    List<BlockHash> longest = List.of();
    for (EngineFollower follower : followers.values()) {
      Engine engine = follower.registered().engine();
      if (engine.tenant().equals(tenant) && engine.namespace().equals(namespace)) {
        List<BlockHash> chain = follower.chain(names);
        longest = chain.size() > longest.size() ? chain : longest;
      }
    }
    return longest;
  }

  /** Begins. */
  public synchronized void start() {
    if (thread == null) {
      isStopping = false;
      thread = Thread.ofPlatform().daemon().name("engines").start(this::run);
    }
  }

  /** Whether it was started and not closed. */
  public synchronized boolean isRunning() {
    return thread != null;
  }

  /** Ends; what engines hold stays known until another replica takes over. */
  @Override
  public synchronized void close() {
    Thread running = thread;
    if (running == null) {
      return;
    }
    isStopping = true;
    running.interrupt();
    try {
      running.join(STOP_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    thread = null;
  }

  private void run() {
    boolean isCut = false;
    try (ZMQ.Context context = ZMQ.context(1)) {
      try {
        while (!isStopping) {
          try {
            follow(context);
            isCut = false;
          } catch (MembraneException e) {
            if (!isCut) {
              log.warn("engines are followed as they were: {}", e.getMessage());
            }
            isCut = true;
          } catch (RuntimeException e) {
            log.error("the engines could not be looked at; will be tried again", e);
          }
          Thread.sleep(TICK_MS);
        }
      } catch (InterruptedException e) {
        log.debug("engines are no longer followed");
      } finally {
        leave();
      }
    }
  }

  private void leave() {
    followers.values().forEach(EngineFollower::stop);
    followers.values().forEach(EngineFollower::close);
    followers.clear();
    try {
      registry.leave(replica);
    } catch (MembraneException e) {
      log.debug("other replicas take over after the lease", e);
    }
  }

  private void follow(ZMQ.Context context) {
    Placement placement =
        new Placement(
            registry.live(replica, LEASE).stream().map(id -> new PlacementNode(id, 1)).toList());
    Map<String, Registered> all = registry.registered();
    Map<String, Registered> own = new HashMap<>(all);
    own.keySet().removeIf(key -> !isOwn(placement, key));
    resting.keySet().retainAll(own.keySet());
    for (String key : List.copyOf(followers.keySet())) {
      release(key, own.get(key));
    }
    registry
        .followed()
        .forEach((key, followed) -> {
          Registered now = all.get(key);
          boolean isThere = now != null && now.source().equals(followed.source());
          if (!isThere && isOwn(placement, key)) {
            clear(followed.source());
            registry.forget(key);
          }
        });
    own.forEach((key, registered) -> {
      if (clock.instant().isAfter(resting.getOrDefault(key, Instant.MIN))) {
        followers.computeIfAbsent(
            key, _ -> new EngineFollower(registered, sink, context, room, counts, clock));
      }
    });
    Map<String, Followed> states = new HashMap<>();
    followers.forEach((key, follower) ->
        states.put(key, new Followed(follower.registered().source(), follower.state())));
    registry.report(states);
  }

  private boolean isOwn(Placement placement, String key) {
    BlockHash hash = BlockHash.parse(ContentDigest.of(key.getBytes(StandardCharsets.UTF_8)).hex());
    return placement.homes(hash, 1).contains(replica);
  }

  /** Ends a follower that ended by itself, or whose engine is described otherwise now, or gone. */
  private void release(String key, @Nullable Registered wanted) {
    EngineFollower follower = Objects.requireNonNull(followers.get(key));
    if (follower.registered().equals(wanted) && follower.isRunning()) {
      return;
    }
    if (follower.isRunning()) {
      resting.remove(key);
    } else {
      resting.put(key, clock.instant().plus(REST));
    }
    follower.close();
    followers.remove(key);
  }

  /** What a place held is not known once nobody follows its engine. */
  private void clear(Source source) {
    Event cleared = new Event(EventType.CLEARED, null, null, null, null, null, null, null, null);
    sink.append(source, sink.nextEpoch(source), 0, List.of(cleared));
  }
}
