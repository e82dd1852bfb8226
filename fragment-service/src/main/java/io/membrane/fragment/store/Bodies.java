package io.membrane.fragment.store;

import io.lettuce.core.RedisFuture;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.Payload;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/** The bytes in Redis, each body under an id of its own. Bytes go from and to off-heap memory. */
final class Bodies {

  /** When so many bodies that were given up wait, further ones do not. */
  private static final int MOST_GIVEN_UP = 1024;

  private final RedisCalls redis;
  private final BlockingQueue<String> givenUp = new ArrayBlockingQueue<>(MOST_GIVEN_UP);

  Bodies(RedisCalls redis) {
    this.redis = redis;
  }

  /** Sends a body; not there, or not whole, until that was awaited. */
  RedisCalls.Sent<String> write(String id, Payload body) {
    return set(RedisKeys.body(id), body, null);
  }

  /** Whether what is sent after a body finds it written, or not at all. */
  boolean areInOrder() {
    return redis.isOneServer();
  }

  /** Writes a part of an upload; Redis forgets it after {@code life}. */
  void writePart(String id, String part, Payload body, Duration life) {
    set(RedisKeys.part(id, part), body, life).await();
  }

  private RedisCalls.Sent<String> set(byte[] key, Payload body, @Nullable Duration life) {
    return redis.begin(
        "write",
        commands -> {
          Payload sent = body.retain();
          try {
            RedisFuture<String> written =
                commands.dispatch(
                    CommandType.SET,
                    new StatusOutput<>(ByteArrayCodec.INSTANCE),
                    arguments(key, sent, life));
            // The client may write it later than we wait for it.
            written.whenComplete((answer, failure) -> sent.close());
            return written;
          } catch (RuntimeException e) {
            sent.close();
            throw e;
          }
        });
  }

  @SuppressWarnings("unchecked") // arguments are written by their own codec
  private static CommandArgs<byte[], byte[]> arguments(
      byte[] key, Payload body, @Nullable Duration life) {
    CommandArgs<?, ?> arguments = new PayloadArgs(key, body);
    if (life != null) {
      arguments.add("PX").add(life.toMillis());
    }
    return (CommandArgs<byte[], byte[]>) arguments;
  }

  /** Asks for a body, into an empty claim, which is the reading's until that is closed. */
  Reading read(String id, Claim claim) {
    return new Reading(RedisKeys.body(id), claim);
  }

  /**
   * Reads a part of an upload behind what is in the claim.
   *
   * @return as {@link Reading#await}
   */
  long readPart(String id, String part, Claim claim) {
    try (Reading reading = new Reading(RedisKeys.part(id, part), claim)) {
      return reading.await();
    }
  }

  /** Bytes that Redis was asked for. */
  final class Reading implements AutoCloseable {

    private final ClaimOutput output;
    private final RedisCalls.Sent<Long> sent;

    private Reading(byte[] from, Claim claim) {
      output = new ClaimOutput(claim);
      CommandArgs<byte[], byte[]> key = new CommandArgs<>(ByteArrayCodec.INSTANCE).addKey(from);
      sent = redis.begin("read", commands -> commands.dispatch(CommandType.GET, output, key));
    }

    /** Their length, whether they fitted into the claim or not; -1 if they are not there. */
    long await() {
      return sent.await();
    }

    /** What comes from now on is thrown away. */
    @Override
    public void close() {
      output.abandon();
    }
  }

  /**
   * Gives up bodies that nobody names, at the next {@link #unlinkGivenUp}: that there are any says
   * that others have the bytes too, or have not, and the time of a call must not tell that.
   */
  void giveUp(List<String> ids) {
    for (String id : ids) {
      if (!givenUp.offer(id)) {
        unlink(List.of(id));
      }
    }
  }

  /** Unlinks what was given up until now, without waiting for it; whether that was anything. */
  boolean unlinkGivenUp() {
    List<String> ids = new ArrayList<>();
    givenUp.drainTo(ids);
    unlink(ids);
    return !ids.isEmpty();
  }

  /** Unlinks bodies that nobody names; does not wait for it. */
  void unlink(List<String> ids) {
    for (String id : ids) {
      redis.send(commands -> commands.unlink(RedisKeys.body(id)));
    }
  }

  /** Gives up parts of an upload; does not wait for it. */
  void unlinkParts(String id, List<String> parts) {
    for (String part : parts) {
      redis.send(commands -> commands.unlink(RedisKeys.part(id, part)));
    }
  }
}
