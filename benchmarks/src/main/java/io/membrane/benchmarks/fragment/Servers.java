package io.membrane.benchmarks.fragment;

import io.membrane.benchmarks.fragment.Side.Caller;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/** Connections to the processes of a {@link Rig}, and what they hold. */
final class Servers {

  /** What a connection does again and again. */
  @FunctionalInterface
  interface Habit<C> {

    /**
     * The call that is repeated.
     *
     * @param index number of the connection, from 0 on
     */
    Exchange of(C connection, int index);
  }

  /** A request, its answer, and the check of it. */
  @FunctionalInterface
  interface Exchange {
    void run() throws IOException;
  }

  /** Connections that store what is read later. */
  private static final int FILLERS = 4;

  private final Rig rig;
  private final Values values;
  private final AtomicLong fresh = new AtomicLong(1L << 40);

  Servers(Rig rig, Values values) {
    this.rig = rig;
    this.values = values;
  }

  /** The number of a value that nobody has stored yet. */
  long fresh() {
    return fresh.getAndIncrement();
  }

  /**
   * A side that asks Redis.
   *
   * @param maxBytes the longest value
   * @param moved payload bytes of a call
   */
  Side redis(String name, int maxBytes, long moved, Habit<RedisConnection> habit) {
    return new Side(
        name,
        List.of(rig.redis().pid()),
        i -> {
          RedisConnection c = new RedisConnection(rig.redis().port(), values, maxBytes);
          return caller(c, moved, habit.of(c, i));
        });
  }

  /**
   * A side that asks the service, whose processors are its own and those of Redis.
   *
   * @param maxBytes the longest value
   * @param moved payload bytes of a call
   */
  Side service(String name, int maxBytes, long moved, Habit<HttpConnection> habit) {
    return new Side(
        name,
        List.of(rig.service().pid(), rig.redis().pid()),
        i -> {
          HttpConnection c = new HttpConnection(rig.service().port(), values, maxBytes);
          return caller(c, moved, habit.of(c, i));
        });
  }

  /**
   * A side that has no protocol.
   *
   * @param maxBytes the longest value
   * @param moved payload bytes of a call
   */
  Side loopback(int maxBytes, long moved, Habit<LoopbackConnection> habit) {
    return new Side(
        "bare sockets",
        List.of(rig.loopback().pid()),
        i -> {
          LoopbackConnection c = new LoopbackConnection(rig.loopback().port(), values, maxBytes);
          return caller(c, moved, habit.of(c, i));
        });
  }

  /** A connection to Redis that reads no values. */
  RedisConnection redis() throws IOException {
    return new RedisConnection(rig.redis().port(), values, 0);
  }

  /** Empties Redis, stores values on both sides and reads each once from the service. */
  Stored fill(int count, int bytes) throws IOException {
    Stored stored = new Stored(fresh.getAndAdd(count), count);
    empty();
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      List<Future<?>> parts = new ArrayList<>();
      for (int part = 0; part < FILLERS; part++) {
        int from = part;
        parts.add(
            threads.submit(() -> {
              fill(stored, from, bytes);
              return null;
            }));
      }
      for (Future<?> part : parts) {
        part.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (ExecutionException e) {
      throw new IOException("values cannot be stored: " + e.getCause(), e);
    }
    return stored;
  }

  /** Empties Redis and stores values there alone. */
  void fillRedis(Stored stored, int bytes) throws IOException {
    empty();
    try (RedisConnection redis = new RedisConnection(rig.redis().port(), values, bytes)) {
      for (int i = 0; i < stored.count(); i++) {
        redis.set(stored.first() + i, bytes);
      }
    }
  }

  /** Empties Redis. */
  void empty() throws IOException {
    try (RedisConnection redis = redis()) {
      redis.flush();
    }
  }

  private void fill(Stored stored, int from, int bytes) throws IOException {
    try (RedisConnection redis = new RedisConnection(rig.redis().port(), values, bytes);
        HttpConnection service = new HttpConnection(rig.service().port(), values, bytes)) {
      for (int i = from; i < stored.count(); i += FILLERS) {
        redis.set(stored.first() + i, bytes);
        service.put(stored.first() + i, bytes);
        service.get(stored.first() + i, bytes);
      }
    }
  }

  private static Caller caller(Closeable connection, long moved, Exchange exchange) {
    return new Caller(
        () -> {
          exchange.run();
          return moved;
        },
        connection);
  }
}
