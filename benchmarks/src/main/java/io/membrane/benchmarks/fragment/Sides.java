package io.membrane.benchmarks.fragment;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.function.LongFunction;

/** Who takes part in each contest; the first is the bar. */
final class Sides {

  /** Where the service stands among {@link #gets}. */
  static final int SERVICE_GET = 1;

  /** Where the service stands among {@link #puts}. */
  static final int SERVICE_PUT = 2;

  /** Where the service stands among {@link #batches} and {@link #existences}. */
  static final int SERVICE_MANY = 3;

  /**
   * Different requests that a connection repeats, those that are too large to be made each time.
   */
  private static final int REQUESTS = 16;

  /** Keys that each connection overwrites in turn. */
  private static final int OVERWRITTEN = 2;

  private final Servers servers;

  Sides(Servers servers) {
    this.servers = servers;
  }

  /** Whole values, at random. */
  List<Side> gets(Stored stored, int bytes) {
    return List.of(
        servers.redis(
            "Redis",
            bytes,
            bytes,
            (c, i) -> {
              Random random = new Random(i);
              return () -> c.get(stored.any(random, 1), bytes);
            }),
        servers.service(
            "service",
            bytes,
            bytes,
            (c, i) -> {
              Random random = new Random(i);
              return () -> c.get(stored.any(random, 1), bytes);
            }),
        servers.loopback(
            bytes,
            bytes,
            (c, i) -> {
              Random random = new Random(i);
              return () -> c.get(stored.any(random, 1), bytes);
            }));
  }

  /** New values into an empty Redis, but for the side that overwrites. */
  List<Side> puts(int bytes, int connections) {
    Stored old = new Stored(0, connections * OVERWRITTEN);
    return List.of(
        servers
            .redis("Redis", bytes, bytes, (c, i) -> () -> c.set(servers.fresh(), bytes))
            .after(servers::empty),
        servers
            .redis(
                "Redis, overwriting",
                bytes,
                bytes,
                (c, i) -> {
                  Random random = new Random(i);
                  return () -> c.set(i * OVERWRITTEN + random.nextInt(OVERWRITTEN), bytes);
                })
            .after(() -> servers.fillRedis(old, bytes)),
        servers
            .service("service", bytes, bytes, (c, i) -> () -> c.put(servers.fresh(), bytes))
            .after(servers::empty),
        servers.loopback(bytes, bytes, (c, i) -> () -> c.put(servers.fresh(), bytes)));
  }

  /** Runs of values. */
  List<Side> batches(Stored stored, int count, int bytes) {
    int all = count * bytes;
    return List.of(
        servers.redis(
            count + " GETs",
            bytes,
            all,
            (c, i) -> {
              Random random = new Random(i);
              return () -> {
                long first = stored.any(random, count);
                for (int n = 0; n < count; n++) {
                  c.get(first + n, bytes);
                }
              };
            }),
        servers.redis(
            count + " GETs pipelined",
            bytes,
            all,
            (c, i) -> {
              Runs runs = new Runs(stored, count, i, n -> RedisConnection.gets(n, count));
              return () -> c.getPipelined(runs.next(), runs.first(), count, bytes);
            }),
        servers.redis(
            "one MGET",
            bytes,
            all,
            (c, i) -> {
              Runs runs = new Runs(stored, count, i, n -> RedisConnection.one("MGET", n, count));
              return () -> c.getMany(runs.next(), runs.first(), count, bytes);
            }),
        servers.service(
            "service, one batch-get",
            bytes,
            all,
            (c, i) -> {
              Runs runs =
                  new Runs(stored, count, i, n -> HttpConnection.naming("batch-get", n, count));
              return () -> c.batchGet(runs.next(), runs.first(), count, bytes);
            }),
        servers.loopback(
            bytes,
            all,
            (c, i) -> {
              Random random = new Random(i);
              return () -> c.getMany(stored.any(random, count), count, bytes);
            }));
  }

  /** Questions for runs of keys, all of which are there. */
  List<Side> existences(Stored stored, int count) {
    return List.of(
        servers.redis(
            count + " EXISTS",
            0,
            0,
            (c, i) -> {
              Random random = new Random(i);
              return () -> {
                long first = stored.any(random, count);
                for (int n = 0; n < count; n++) {
                  c.exists(first + n);
                }
              };
            }),
        servers.redis(
            count + " EXISTS pipelined",
            0,
            0,
            (c, i) -> {
              Runs runs = new Runs(stored, count, i, n -> RedisConnection.existences(n, count));
              return () -> c.existsPipelined(runs.next(), count);
            }),
        servers.redis(
            "one EXISTS",
            0,
            0,
            (c, i) -> {
              Runs runs = new Runs(stored, count, i, n -> RedisConnection.one("EXISTS", n, count));
              return () -> c.existMany(runs.next(), count);
            }),
        servers.service(
            "service, one exists",
            0,
            0,
            (c, i) -> {
              Runs runs =
                  new Runs(stored, count, i, n -> HttpConnection.naming("exists", n, count));
              return () -> c.exists(runs.next(), count);
            }));
  }

  /** Requests for runs of stored values, made once and used in turn. */
  private static final class Runs {

    private final long[] firsts = new long[REQUESTS];
    private final ByteBuffer[] requests = new ByteBuffer[REQUESTS];
    private int turn;

    Runs(Stored stored, int count, int seed, LongFunction<ByteBuffer> request) {
      Random random = new Random(seed);
      for (int i = 0; i < REQUESTS; i++) {
        firsts[i] = stored.any(random, count);
        requests[i] = request.apply(firsts[i]);
      }
    }

    /** The next request. */
    ByteBuffer next() {
      turn = (turn + 1) % REQUESTS;
      return requests[turn];
    }

    /** The first value that it asks for. */
    long first() {
      return firsts[turn];
    }
  }
}
