package io.membrane.directory.feed;

import static io.membrane.directory.location.Entries.DOMAIN;

import io.membrane.directory.location.Entries;
import io.membrane.directory.location.Image;
import io.membrane.directory.snapshot.Snapshots;
import io.membrane.fixture.ConfiguredRedis;
import io.membrane.fixture.RedisConnections;
import io.membrane.fixture.TestClock;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventBatch;
import io.membrane.wire.DirectoryClient.EventsAccepted;
import io.membrane.wire.LogPosition;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** A directory without its endpoints, on a Redis. */
final class Replica implements AutoCloseable {

  static final long MAX_LOG_BYTES = 4 << 20;
  static final Duration SNAPSHOT_EVERY = Duration.ofMinutes(5);
  static final Duration LIMIT = Duration.ofSeconds(15);

  final TestClock clock = new TestClock();
  final Image image = new Image(100_000, clock);

  /** What the log's notes say, in order. */
  final List<Notes> said = new CopyOnWriteArrayList<>();

  final EventLog log;
  final LogTail tail;
  final EventIntake intake;
  final Snapshots snapshots;
  private final Runnable disconnect;

  Replica(int redisPort) {
    this(redisPort, temporaryFolder());
  }

  /** One that keeps its snapshots in a folder. */
  Replica(int redisPort, Path folder) {
    this(RedisConnections.to(redisPort), folder);
  }

  /** One that takes over the connections. */
  private Replica(LettuceConnectionFactory connections, Path folder) {
    this(connections, connections::destroy, folder);
  }

  /** One that reaches Redis as a service with these settings does. */
  Replica(String... properties) {
    this(new ConfiguredRedis(properties));
  }

  private Replica(ConfiguredRedis redis) {
    this(redis.connections(), redis::close, temporaryFolder());
  }

  private Replica(RedisConnectionFactory connections, Runnable disconnect, Path folder) {
    this.disconnect = disconnect;
    this.log = new EventLog(connections);
    this.snapshots = new Snapshots(folder, SNAPSHOT_EVERY, MAX_LOG_BYTES / 2, clock);
    this.tail = new LogTail(log, image, said::add, snapshots, MAX_LOG_BYTES, clock);
    this.intake = new EventIntake(log, tail, image);
    tail.start();
  }

  private static Path temporaryFolder() {
    try {
      return Files.createTempDirectory("snapshots");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Replica ready() {
    Awaitility.await().atMost(LIMIT).until(tail::isCaughtUp);
    return this;
  }

  EventsAccepted accept(String node, long epoch, long sequence, Event... events) {
    return intake.accept(new EventBatch(node, "c1", epoch, sequence, List.of(events)), DOMAIN);
  }

  /** Waits until the image has taken in all that the log holds. */
  void awaitAll() {
    Awaitility.await()
        .atMost(LIMIT)
        .ignoreExceptions()
        .until(() -> {
          LogPosition last = log.last();
          return tail.isCaughtUp()
              && (last == null ? LogPosition.START : last).equals(tail.position());
        });
  }

  /** What it answers to a match of the first blocks of {@link Entries#chain}. */
  String answers(int blocks) {
    var chain = Entries.chain(blocks);
    return image.match(chain, Set.of(), 16, DOMAIN).matches()
        + " "
        + chain.stream().map(hash -> image.places(hash, DOMAIN)).toList();
  }

  @Override
  public void close() {
    tail.close();
    snapshots.close();
    disconnect.run();
  }
}
