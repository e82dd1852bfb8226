package io.membrane.fragment.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Values that are written again, by several replicas over one Redis, each with a memory. */
class ValuesTest extends ValuesOnRedis {

  @Test
  void theLastWriteHoldsAtOnceForEveryReplica() {
    try (MemoryTier other = tier()) {
      FragmentStore replica = open(other, CAPACITY);
      for (int i = 0; i < 50; i++) {
        byte[] body = Seeds.bytes(random, random.nextInt(5000));
        FragmentStore writer = i % 2 == 0 ? store : replica;
        FragmentStore reader = i % 2 == 0 ? replica : store;
        put(writer, TENANT, DATA, body);
        assertThat(get(reader, DATA)).isEqualTo(body);
        assertThat(get(reader, DATA)).isEqualTo(body);
        assertThat(get(writer, DATA)).isEqualTo(body);
        assertThat(reader.values().describe(TENANT, DATA))
            .extracting(Description::bytes)
            .isEqualTo((long) body.length);
      }
      store.values().delete(TENANT, DATA);
      assertThat(get(replica, DATA)).isNull();
      assertThat(replica.values().describe(TENANT, DATA)).isNull();
      hasBodies(0);
    }
  }

  @Test
  void aValueThatIsStillTheSameComesFromMemory() {
    byte[] body = Seeds.bytes(random, 10_000);
    put(store, TENANT, DATA, body);
    bodies().forEach(redis::del);
    assertThat(get(store, DATA)).isEqualTo(body);
  }

  @Test
  void withoutRedisNothingIsSaid() {
    put(store, TENANT, DATA, bytes("x"));
    process.pause();
    try {
      assertThat(refusal(() -> briefly(() -> store.values().get(TENANT, DATA))))
          .isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
      assertThat(refusal(() -> briefly(() -> store.values().describe(TENANT, DATA))))
          .isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
    } finally {
      process.resume();
    }
    Awaitility.await().ignoreExceptions().until(() -> get(store, DATA) != null);
  }

  private static void briefly(Callable<?> call) throws Exception {
    CallContext.of(TENANT, Duration.ofMillis(300))
        .call(() -> {
          call.call();
          return true;
        });
  }

  @Test
  void aValueMayBeEmpty() {
    put(store, TENANT, DATA, new byte[0]);
    assertThat(get(store, DATA)).isEmpty();
    memory.forget(Name.of("tenant:" + TENANT, DATA));
    assertThat(get(store, DATA)).isEmpty();
  }

  @Test
  void theLogTellsOfNoValue() {
    put(store, TENANT, DATA, bytes("x"));
    put(store, TENANT, DATA, bytes("y"));
    store.values().delete(TENANT, DATA);
    assertThat(log()).isEmpty();
  }

  @Test
  void whoReadsWhileManyWriteSeesOneOfTheirValuesWhole() throws Exception {
    try (MemoryTier other = tier();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      FragmentStore replica = open(other, CAPACITY);
      put(store, TENANT, DATA, written(0, 0));
      List<Callable<Integer>> all = new ArrayList<>();
      for (int i = 1; i <= 6; i++) {
        int writer = i;
        FragmentStore each = i % 2 == 0 ? store : replica;
        all.add(() -> {
          for (int n = 0; n < 60; n++) {
            put(each, TENANT, DATA, written(writer, n));
          }
          return 0;
        });
        all.add(() -> {
          for (int n = 0; n < 60; n++) {
            byte[] read = readOrNull(each);
            assertThat(read).isEqualTo(written(read[0], read[1]));
          }
          return 0;
        });
      }
      for (Future<Integer> done : threads.invokeAll(all)) {
        assertThat(done.get()).isZero();
      }
      assertThat(get(replica, DATA)).isEqualTo(get(store, DATA));
      hasBodies(1);
      assertThat(usage().fragments()).isEqualTo(1);
    }
  }

  /**
   * Overtaken all the time, a reader is told to come again; it is never told that nothing is there.
   */
  private static byte[] readOrNull(FragmentStore each) {
    while (true) {
      try {
        byte[] read = get(each, DATA);
        assertThat(read).isNotNull();
        return read == null ? new byte[0] : read;
      } catch (MembraneException e) {
        assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED);
      }
    }
  }

  private static byte[] written(int writer, int n) {
    byte[] body = new byte[3000 + 100 * writer];
    Arrays.fill(body, (byte) (writer + n));
    body[0] = (byte) writer;
    body[1] = (byte) n;
    return body;
  }

  @Test
  void randomWorkOfTwoReplicasIsThatOfAMap() {
    try (MemoryTier other = tier()) {
      List<FragmentStore> replicas = List.of(store, open(other, CAPACITY));
      Map<String, byte[]> model = new HashMap<>();
      for (int i = 0; i < 1500; i++) {
        FragmentStore each = replicas.get(random.nextInt(2));
        String key = "memory/n/" + random.nextInt(12);
        switch (random.nextInt(8)) {
          case 0 -> {
            each.values().delete(TENANT, key);
            model.remove(key);
          }
          case 1, 2, 3 -> {
            byte[] body = Seeds.bytes(new Random(random.nextInt(5)), random.nextInt(3) * 2000);
            put(each, TENANT, key, body);
            model.put(key, body);
          }
          case 4 -> {
            if (random.nextInt(20) == 0) {
              assertThat(each.values().clear(TENANT, "memory/n/")).isEqualTo(model.size());
              model.clear();
            }
          }
          default -> assertThat(get(each, key)).isEqualTo(model.get(key));
        }
      }
      assertThat(usage())
          .isEqualTo(
              new Usage(model.values().stream().mapToLong(b -> b.length).sum(), model.size()));
    }
  }
}
