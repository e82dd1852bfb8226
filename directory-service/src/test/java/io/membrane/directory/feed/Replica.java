package io.membrane.directory.feed;

import static io.membrane.directory.location.Entries.DOMAIN;

import io.membrane.directory.location.Entries;
import io.membrane.directory.location.Image;
import io.membrane.fixture.ConfiguredRedis;
import io.membrane.fixture.RedisConnections;
import io.membrane.fixture.TestClock;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventBatch;
import io.membrane.wire.DirectoryClient.EventsAccepted;
import io.membrane.wire.LogPosition;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.awaitility.Awaitility;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** A directory without its endpoints, on a Redis. */
final class Replica implements AutoCloseable {

  static final long MAX_LOG_BYTES = 4 << 20;
  static final Duration LIMIT = Duration.ofSeconds(15);

  final TestClock clock = new TestClock();
  final Image image = new Image(100_000, clock);
  final EventLog log;
  final LogTail tail;
  final EventIntake intake;
  private final Runnable disconnect;

  Replica(int redisPort) {
    this(RedisConnections.to(redisPort));
  }

  /** One that takes over the connections. */
  private Replica(LettuceConnectionFactory connections) {
    this(connections, connections::destroy);
  }

  /** One that reaches Redis as a service with these settings does. */
  Replica(String... properties) {
    this(new ConfiguredRedis(properties));
  }

  private Replica(ConfiguredRedis redis) {
    this(redis.connections(), redis::close);
  }

  private Replica(RedisConnectionFactory connections, Runnable disconnect) {
    this.disconnect = disconnect;
    this.log = new EventLog(connections);
    this.tail = new LogTail(log, image, MAX_LOG_BYTES, clock);
    this.intake = new EventIntake(log, tail, image);
    tail.start();
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
    disconnect.run();
  }
}
