package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.fixture.ServiceUnderTest;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.fragment.transfer.TransferSettings;
import io.membrane.fragment.transfer.TransferState;
import io.membrane.fragment.transfer.Transfers;
import io.membrane.rpc.ServiceClients;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Two regions, each a service over a Redis of its own, and a bad line from there to here: for all
 * tests of a class, and empty before each.
 */
final class TransferRig implements BeforeEachCallback, AfterAllCallback {

  static final int MAX_BYTES = 8 << 20;

  final RedisProcess redisThere = RedisProcess.embedded();
  final RedisProcess redisHere = RedisProcess.embedded();
  final ServiceUnderTest there;
  final FaultProxy line;
  final ServiceUnderTest here;
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  /**
   * Starts both.
   *
   * @param more properties of the service there
   */
  TransferRig(String... more) {
    there = service(redisThere, more);
    line = new FaultProxy(there.url().getPort());
    here = service(redisHere, "membrane.fragment.peers=" + line.url());
  }

  private static ServiceUnderTest service(RedisProcess redis, String... more) {
    List<String> properties =
        new ArrayList<>(
            List.of(
                redis.properties()[0],
                "membrane.fragment.max-bytes=8MB",
                "membrane.fragment.max-in-flight=32MB",
                "membrane.fragment.memory=16MB"));
    properties.addAll(List.of(more));
    return new ServiceUnderTest(FragmentApplication.class, properties.toArray(String[]::new));
  }

  /** Transfers into here, with less patience than usual. */
  Transfers transfers(@Nullable Long linkRate) {
    return transfers(linkRate, line.url());
  }

  Transfers transfers(@Nullable Long linkRate, URI peer) {
    return new Transfers(
        here.bean(FragmentStore.class),
        here.bean(ServiceClients.class),
        new TransferSettings(
            List.of(peer),
            linkRate,
            MAX_BYTES,
            4,
            5,
            Duration.ofMillis(20),
            Duration.ofMillis(500)),
        Clock.systemUTC(),
        meters);
  }

  FragmentHttp httpThere() {
    return new FragmentHttp(there.url().getPort());
  }

  FragmentHttp httpHere() {
    return new FragmentHttp(here.url().getPort());
  }

  URI from() {
    return line.url();
  }

  /** Puts fragments of this many bytes. */
  static List<FragmentKey> put(
      FragmentHttp http, RandomGenerator random, int count, int bytes, String... headers) {
    List<FragmentKey> keys = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      FragmentKey key = FragmentHttp.key(random);
      put(http, key, Seeds.bytes(random, bytes), headers);
      keys.add(key);
    }
    return keys;
  }

  static void put(FragmentHttp http, FragmentKey key, byte[] body, String... headers) {
    try {
      assertThat(http.put(key, body, headers).statusCode()).isEqualTo(201);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The transfer once it has ended. */
  static TransferState ended(Transfers transfers, String tenant, TransferState begun) {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> find(transfers, tenant, begun),
            state -> state.state() != TransferState.Phase.RUNNING);
  }

  static TransferState find(Transfers transfers, String tenant, TransferState begun) {
    return Objects.requireNonNull(transfers.find(tenant, begun.id()));
  }

  void areHereToo(List<FragmentKey> keys) throws IOException {
    for (FragmentKey key : keys) {
      assertThat(httpHere().get(key).body()).isEqualTo(httpThere().get(key).body());
    }
  }

  @Override
  public void beforeEach(ExtensionContext test) {
    line.heal();
    for (RedisProcess redis : List.of(redisThere, redisHere)) {
      var client = io.lettuce.core.RedisClient.create(redis.url());
      try (var connection = client.connect()) {
        connection.sync().flushall();
      } finally {
        client.shutdown();
      }
    }
    there.bean(FragmentStore.class).catchUp();
    here.bean(FragmentStore.class).catchUp();
  }

  @Override
  public void afterAll(ExtensionContext tests) {
    here.close();
    line.close();
    there.close();
    redisHere.close();
    redisThere.close();
  }
}
