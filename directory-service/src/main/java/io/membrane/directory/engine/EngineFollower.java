package io.membrane.directory.engine;

import io.membrane.block.BlockHash;
import io.membrane.directory.engine.EngineCounts.Count;
import io.membrane.directory.engine.EngineRegistry.Registered;
import io.membrane.directory.engine.EngineState.Phase;
import io.membrane.directory.engine.wire.Continuity;
import io.membrane.directory.engine.wire.EngineTranslator;
import io.membrane.directory.engine.wire.KvEventBatch;
import io.membrane.directory.engine.wire.KvEventDecoder;
import io.membrane.directory.location.Source;
import io.membrane.rpc.MembraneException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.zeromq.ZMQ;
import org.zeromq.ZMonitor;

/**
 * Follows one publisher, in a thread of its own, until it is closed or cannot go on.
 *
 * <p>What it tells the sink begins with {@code cleared} in a new epoch, and so does what follows a
 * restart of the publisher or a hole. While the sink takes nothing, events wait; too many, or a
 * sink that knows of a later epoch, end the follower: whoever still owns the engine starts another,
 * which asks the publisher for all that it has.
 */
final class EngineFollower implements Continuity.Steps, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(EngineFollower.class);

  /** How long an engine that cannot be reached is believed to hold what it held. */
  private static final Duration GRACE = Duration.ofSeconds(30);

  private static final Duration REPLAY_PATIENCE = Duration.ofSeconds(10);
  private static final int POLL_MS = 100;
  private static final int MESSAGES_AT_ONCE = 1_000;
  private static final long END_OF_REPLAY = -1;
  private static final int STOP_MS = 5_000;

  private final Engine engine;
  private final Clock clock;
  private final byte[] topic;
  private final Source source;
  private final ZMQ.Context context;
  private final EngineCounts counts;
  private final EngineTranslator translator;
  private final Continuity continuity;
  private final Outbox outbox;
  private final Thread thread;

  private @Nullable EngineSockets sockets;
  private long skipped;
  private Continuity.Counts counted = new Continuity.Counts(0, 0, 0);
  private int connections;
  private boolean wasHeard;
  private long silentSinceMs;
  private long replayHeardMs;

  private volatile boolean isStopping;
  private volatile EngineState state = EngineState.PENDING;

  /**
   * Begins to follow.
   *
   * @param context whose threads the sockets use
   * @param room for blocks, of all engines
   */
  EngineFollower(
      Registered registered,
      EventSink sink,
      ZMQ.Context context,
      Semaphore room,
      EngineCounts counts,
      Clock clock) {
    this.engine = registered.engine();
    this.source = registered.source();
    this.outbox = new Outbox(source, sink, clock);
    this.clock = clock;
    this.context = context;
    this.counts = counts;
    this.topic = engine.topic().getBytes(StandardCharsets.UTF_8);
    this.translator =
        new EngineTranslator(engine.namespace(), engine.root(), engine.layers(), room);
    this.continuity = new Continuity(engine.replayEndpoint() != null, this);
    this.thread = Thread.ofPlatform().daemon().name("engine-" + engine.id()).unstarted(this::run);
    thread.start();
  }

  /** What it follows. */
  Registered registered() {
    return new Registered(engine, source);
  }

  EngineState state() {
    return state;
  }

  /** As {@link EngineTranslator#chain}. */
  List<BlockHash> chain(List<Long> engineNames) {
    return translator.chain(engineNames);
  }

  /** Whether it goes on. */
  boolean isRunning() {
    return thread.isAlive();
  }

  /** Has it end soon. */
  void stop() {
    isStopping = true;
  }

  /** Ends it, within seconds; what it told stays. */
  @Override
  public void close() {
    stop();
    try {
      thread.join(STOP_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try (EngineSockets opened = new EngineSockets(engine, context)) {
      sockets = opened;
      outbox.begin();
      while (!isStopping) {
        opened.await(POLL_MS);
        hearLine(opened);
        hearLive(opened);
        hearReplay(opened);
        outbox.flush();
        report();
      }
    } catch (MembraneException e) {
      log.info("engine {} is followed no longer: {}", engine.key(), e.getMessage());
    } catch (RuntimeException e) {
      log.warn("engine {} cannot be followed: {}", engine.key(), e.toString());
      log.debug("where it ended", e);
    } finally {
      translator.forget();
      state = EngineState.PENDING;
    }
  }

  private void hearLine(EngineSockets from) {
    for (ZMonitor.Event event = from.nextOfLine(); event != null; event = from.nextOfLine()) {
      switch (event) {
        case CONNECTED, ACCEPTED -> connections++;
        case DISCONNECTED -> {
          connections--;
          silentSinceMs = clock.millis();
        }
        case HANDSHAKE_PROTOCOL -> {
          wasHeard = true;
          continuity.connected();
        }
        default -> throw new IllegalStateException("nobody asked for " + event);
      }
    }
    if (wasHeard && connections <= 0 && clock.millis() - silentSinceMs > GRACE.toMillis()) {
      wasHeard = false;
      from.stopReplay();
      continuity.lost();
    }
  }

  private void hearLive(EngineSockets from) {
    for (int i = 0; i < MESSAGES_AT_ONCE; i++) {
      List<byte[]> frames = from.nextLive();
      if (frames.isEmpty()) {
        return;
      }
      hearLine(from); // or a message of a new life might pass for one of the old
      if (frames.size() != 3 || frames.get(1).length != Long.BYTES) {
        cannotRead("a message of %d frames".formatted(frames.size()));
      } else if (topic.length == 0 || Arrays.equals(topic, frames.getFirst())) {
        continuity.live(number(frames.get(1)), frames.getLast());
      }
    }
  }

  private void hearReplay(EngineSockets from) {
    long asked = from.replay();
    for (int i = 0; asked != 0 && asked == from.replay() && i < MESSAGES_AT_ONCE; i++) {
      List<byte[]> frames = from.nextReplayed();
      if (frames.isEmpty()) {
        break;
      }
      replayHeardMs = clock.millis();
      byte[] number = frames.size() < 3 ? new byte[0] : frames.get(frames.size() - 2);
      if (number.length != Long.BYTES) {
        cannotRead("a replayed message of %d frames".formatted(frames.size()));
      } else if (number(number) == END_OF_REPLAY) {
        from.stopReplay();
        continuity.replayEnded();
      } else {
        continuity.replayed(number(number), frames.getLast());
      }
    }
    if (from.replay() != 0 && clock.millis() - replayHeardMs > REPLAY_PATIENCE.toMillis()) {
      log.debug("engine {} repeats nothing", engine.key());
      from.stopReplay();
      continuity.replayFailed();
    }
  }

  @Override
  public void askReplay(long from) {
    log.debug("engine {} is asked for its messages from {} on", engine.key(), from);
    Objects.requireNonNull(sockets).askReplay(from);
    replayHeardMs = clock.millis();
  }

  @Override
  public void apply(byte[] payload) {
    KvEventBatch batch;
    try {
      batch = KvEventDecoder.decode(payload);
    } catch (IllegalArgumentException e) {
      cannotRead(String.valueOf(e.getMessage()));
      return;
    }
    counts.add(Count.APPLIED, 1);
    skipped += batch.skipped();
    batch.events().forEach(event -> translator.apply(event, outbox::add));
  }

  @Override
  public void clear() {
    translator.forget();
    outbox.begin();
  }

  private void cannotRead(String why) {
    log.debug("engine {}: {}", engine.key(), why);
    skipped++;
    counts.add(Count.UNREADABLE, 1);
  }

  private void report() {
    Continuity.Counts now = continuity.counts();
    counts.add(Count.DUPLICATE, now.duplicates() - counted.duplicates());
    counts.add(Count.GAP, now.gaps() - counted.gaps());
    counts.add(Count.RESTART, now.restarts() - counted.restarts());
    counted = now;
    state = describe(now);
  }

  private EngineState describe(Continuity.Counts line) {
    EngineTranslator.Counts said = translator.counts();
    return new EngineState(
        phase(),
        continuity.applied(),
        translator.blocks(),
        line.gaps(),
        line.duplicates() + said.duplicates(),
        line.restarts(),
        skipped,
        said.unnamed());
  }

  private Phase phase() {
    if (!wasHeard) {
      return Phase.PENDING;
    }
    if (connections <= 0) {
      return Phase.LOST;
    }
    return continuity.isReplaying() ? Phase.REPLAYING : Phase.LIVE;
  }

  private static long number(byte[] bigEndian) {
    return ByteBuffer.wrap(bigEndian).getLong();
  }
}
