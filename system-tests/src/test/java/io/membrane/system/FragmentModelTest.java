package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.membrane.block.ContentDigest;
import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fixture.RedisAudit;
import io.membrane.fixture.RedisProcess;
import io.membrane.rpc.CallContext;
import io.membrane.system.FragmentModel.Cell;
import io.membrane.system.FragmentModel.Tenant;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntSupplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Two fragment-services over one Redis, callers that do random things, and one kind of fault after
 * the other; every answer is compared with a model. After each fault all is healed and both
 * replicas and Redis must agree with the model and with each other, and Redis' own numbers must add
 * up.
 *
 * <p>{@code -Dmembrane.model.rounds=20} goes through the faults so many times.
 */
class FragmentModelTest {

  private static final Logger log = LoggerFactory.getLogger(FragmentModelTest.class);
  private static final int ROUNDS = Integer.getInteger("membrane.model.rounds", 1);
  private static final long SEED = Long.getLong("membrane.model.seed", 41);
  private static final int CALLERS = 4;

  /** Calls that are made before, and after, a fault. */
  private static final int CALLS = 200;

  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final String BODY = "membrane:body:";

  private final Random random = new Random(SEED);
  private final RedisProcess redis = RedisProcess.durable();
  private final FragmentModel model = new FragmentModel(random);
  private final List<FragmentReplica> replicas = List.of(replica("a"), replica("b"));

  /** Something that goes wrong, and then does not any more. */
  private record Trouble(String name, Runnable fault) {}

  @Test
  void noAnswerEverDiffersFromTheModel() throws Exception {
    try {
      replicas.forEach(FragmentReplica::start);
      replicas.forEach(FragmentReplica::awaitReady);
      policies();
      for (int round = 0; round < ROUNDS; round++) {
        between("nothing", () -> {});
        for (Trouble trouble : troubles()) {
          model.troubled = true;
          between(trouble.name(), trouble.fault());
          model.troubled = false;
        }
      }
    } finally {
      replicas.forEach(FragmentReplica::close);
      redis.close();
    }
  }

  private List<Trouble> troubles() {
    return List.of(
        new Trouble("a killed replica", this::killReplica),
        new Trouble("cut connections to Redis", () -> cut(FragmentReplica::toRedis)),
        new Trouble("a Redis that hangs", this::hang),
        new Trouble("a killed Redis", this::killRedis),
        new Trouble("damaged bytes", this::damage),
        new Trouble("cut connections to callers", () -> cut(FragmentReplica::toCallers)),
        new Trouble("a full Redis", this::fill));
  }

  private FragmentReplica replica(String name) {
    return new FragmentReplica(
        "model-replica-" + name,
        redis.port(),
        "--spring.data.redis.timeout=700ms",
        "--membrane.fragment.membrain.port=-1",
        "--membrane.fragment.memory=1MB",
        "--membrane.fragment.redis-capacity=256MB");
  }

  private void policies() {
    try (Bytes bytes = bytes()) {
      for (Tenant tenant :
          List.of(FragmentModel.LIMITED, FragmentModel.SHARING, FragmentModel.READER)) {
        bytes.redis().set(text("{membrane}:policy:" + tenant.name()), text("" + tenant.policy()));
      }
    }
    // What replicas know of policies is a second old at most.
    Awaitility.await().pollDelay(Duration.ofMillis(1100)).until(() -> true);
  }

  private void between(String name, Runnable fault) throws Exception {
    model.renew(random);
    int callsBefore = model.calls.get();
    int failuresBefore = model.failures.get();
    boolean[] over = new boolean[1];
    try (ExecutorService callers = Executors.newFixedThreadPool(CALLERS)) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        FragmentModelClient client = new FragmentModelClient(model, replicas, random.nextLong());
        running.add(
            callers.submit(() -> {
              while (!isOver(over)) {
                client.step();
              }
            }));
      }
      try {
        awaitMore(model.calls::get, CALLS, running);
        fault.run();
        awaitMore(model.calls::get, CALLS, running);
      } finally {
        synchronized (over) {
          over[0] = true;
        }
      }
      for (Future<?> each : running) {
        each.get();
      }
    }
    long restMs = System.currentTimeMillis();
    settle();
    log.info(
        "{}: {} calls, {} failed, at rest after {} ms; answers so far {}",
        name,
        model.calls.get() - callsBefore,
        model.failures.get() - failuresBefore,
        System.currentTimeMillis() - restMs,
        model.answers);
  }

  private static boolean isOver(boolean[] over) {
    synchronized (over) {
      return over[0];
    }
  }

  /** Waits until a number has grown by so much, or a caller has found a difference. */
  private static void awaitMore(IntSupplier number, int more, List<Future<?>> callers) {
    int until = number.getAsInt() + more;
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> number.getAsInt() >= until || callers.stream().anyMatch(Future::isDone));
  }

  private void awaitFailures(int more) {
    awaitMore(model.failures::get, more, List.of());
  }

  private void killReplica() {
    FragmentReplica one = replicas.get(random.nextInt(replicas.size()));
    one.kill();
    one.start();
    one.awaitReady();
  }

  private void cut(java.util.function.Function<FragmentReplica, FaultProxy> which) {
    for (int i = 0; i < 6; i++) {
      FaultProxy proxy = which.apply(replicas.get(random.nextInt(replicas.size())));
      proxy.inject(
          random.nextBoolean() ? new Fault.CutAfter(random.nextInt(200_000)) : new Fault.Refuse());
      awaitMore(model.calls::get, 40, List.of());
      proxy.heal();
    }
  }

  private void hang() {
    redis.pause();
    try {
      awaitFailures(3 * CALLERS);
    } finally {
      redis.resume();
    }
  }

  private void killRedis() {
    redis.kill();
    awaitFailures(CALLERS);
    redis.restart();
  }

  /** Flips a bit of a body, cuts one short, or exchanges two, again and again. */
  private void damage() {
    try (Bytes bytes = bytes()) {
      for (int i = 0; i < 12; i++) {
        List<byte[]> keys = bytes.redis().keys(BODY + "*");
        byte[] one = keys.get(random.nextInt(keys.size()));
        byte[] other = keys.get(random.nextInt(keys.size()));
        model.damage(digest(one));
        byte[] body = bytes.redis().get(one);
        if (body == null) {
          continue;
        }
        switch (i % 3) {
          case 0 -> {
            body[random.nextInt(body.length)] ^= (byte) (1 << random.nextInt(8));
            bytes.redis().set(one, body);
          }
          case 1 -> bytes.redis().set(one, Arrays.copyOf(body, body.length / 2));
          default -> {
            byte[] exchanged = bytes.redis().get(other);
            if (exchanged != null) {
              model.damage(digest(other));
              bytes.redis().set(one, exchanged);
              bytes.redis().set(other, body);
            }
          }
        }
        awaitMore(model.calls::get, 20, List.of());
      }
    }
  }

  /** Redis may take no more than it has; then as much as it likes. */
  private void fill() {
    model.full = true;
    try (Bytes bytes = bytes()) {
      bytes.redis().configSet("maxmemory", Long.toString(bytes.used()));
      awaitMore(model.calls::get, CALLS, List.of());
      bytes.redis().configSet("maxmemory", "0");
    }
  }

  /** Heals everything and waits until all agree; then the model knows what is there. */
  private void settle() {
    replicas.forEach(replica -> {
      replica.toRedis().heal();
      replica.toCallers().heal();
    });
    replicas.forEach(FragmentReplica::awaitReady);
    Map<Cell, String> found = new HashMap<>();
    RedisAudit.Report[] report = new RedisAudit.Report[1];
    AtomicLong begun = new AtomicLong();
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          begun.set(System.currentTimeMillis());
          Map<Cell, String> first = read(replicas.getFirst());
          assertThat(read(replicas.getLast())).isEqualTo(first);
          report[0] = RedisAudit.of(redis.port());
          assertThat(there(report[0], first)).isEqualTo(first);
          found.putAll(first);
        });
    long now = System.currentTimeMillis();
    found.forEach((cell, value) -> model.settled(cell, value, begun.get(), now));
    assertThat(report[0].errors()).isEmpty();
    assertThat(report[0].damaged()).allMatch(digest -> model.isDamaged(digest.hex()));
    assertThat(report[0].dangling().values()).allMatch(model::isDamaged);
    model.full = false;
  }

  private Map<Cell, String> read(FragmentReplica replica) {
    Http http = new Http(replica.url(false));
    Map<Cell, String> values = new HashMap<>();
    for (Cell cell : model.cells) {
      Http.Answer answer =
          http.send(
              http.request("/v1/fragments/" + cell.key)
                  .header(CallContext.TENANT_HEADER, cell.tenant.name())
                  .GET());
      assertThat(answer.status()).as(answer.text()).isIn(200, 404);
      values.put(
          cell,
          answer.status() == 404
              ? FragmentModel.ABSENT
              : ContentDigest.of(answer.response().body()).hex());
    }
    return values;
  }

  /**
   * What Redis has. Replicas may still serve, from memory, a name whose content has gone with its
   * damaged bytes; one that looks into Redis makes all forget it.
   */
  private Map<Cell, String> there(RedisAudit.Report report, Map<Cell, String> read) {
    Map<Cell, String> values = new HashMap<>();
    for (Cell cell : model.cells) {
      ContentDigest digest = report.names().get(cell.name());
      String dangling = report.dangling().get(cell.name());
      String value = String.valueOf(read.get(cell));
      boolean inMemory = dangling != null && value.equals(dangling);
      values.put(cell, digest != null ? digest.hex() : inMemory ? value : FragmentModel.ABSENT);
    }
    return values;
  }

  /** Redis behind the store's back. */
  private record Bytes(
      RedisClient client,
      StatefulRedisConnection<byte[], byte[]> connection,
      RedisCommands<byte[], byte[]> redis)
      implements AutoCloseable {

    /** Bytes of memory that Redis takes. */
    long used() {
      return redis
          .info("memory")
          .lines()
          .filter(line -> line.startsWith("used_memory:"))
          .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(':') + 1).strip()))
          .findFirst()
          .orElseThrow();
    }

    @Override
    public void close() {
      connection.close();
      client.shutdown(Duration.ZERO, Duration.ZERO);
    }
  }

  private Bytes bytes() {
    RedisClient client = RedisClient.create(redis.url());
    StatefulRedisConnection<byte[], byte[]> connection = client.connect(ByteArrayCodec.INSTANCE);
    return new Bytes(client, connection, connection.sync());
  }

  private static String digest(byte[] bodyKey) {
    String id = new String(bodyKey, StandardCharsets.US_ASCII).substring(BODY.length());
    return id.substring(0, id.indexOf('.'));
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
