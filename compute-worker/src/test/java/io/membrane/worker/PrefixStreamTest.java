package io.membrane.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ClientProperties;
import io.membrane.rpc.Frame;
import io.membrane.rpc.Hedging;
import io.membrane.rpc.ServiceClients;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.FragmentClient.FragmentMeta;
import io.membrane.worker.fetch.FetchOptions;
import io.membrane.worker.fetch.FetchedBlock;
import io.membrane.worker.fetch.FrameCheck.Verdict;
import io.membrane.worker.fetch.PrefixStream;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.web.client.RestClient;

/** Streams over real HTTP through a proxy that fails as it is told. */
@Timeout(120)
class PrefixStreamTest {

  private static final int BLOCKS = 12;
  private static final int BYTES = 300_000;
  private static final Slice SLICE = Slice.parse("attn.0-3.0of1");

  private final Peers peers = new Peers();
  private final FaultProxy proxy = new FaultProxy(peers.port());
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final FragmentClient fragments =
      new ServiceClients(
              RestClient.builder(),
              new ClientProperties(
                  Map.of(),
                  Duration.ofSeconds(2),
                  Duration.ofSeconds(60),
                  64,
                  1,
                  Duration.ofMillis(10)))
          .of(FragmentClient.class, "fragment-service", proxy.url());
  private final List<FragmentKey> keys = new ArrayList<>();

  PrefixStreamTest() {
    Random random = new Random(7);
    FragmentMeta meta =
        new FragmentMeta(Seeds.namespace(16), null, new TokenSpan(0, 16), null, null, false);
    for (int i = 0; i < BLOCKS; i++) {
      FragmentKey key = new FragmentKey(Seeds.hash(random), SLICE);
      byte[] bytes = Seeds.bytes(random, BYTES);
      keys.add(key);
      peers.fragments().put(key, Frame.payload(200, key, meta, ContentDigest.of(bytes), bytes));
    }
  }

  @AfterEach
  void close() {
    proxy.close();
    peers.close();
  }

  private PrefixStream open(Hedging hedging, int windowBlocks) {
    return PrefixStream.open(
        fragments,
        keys,
        (block, frame) -> verdict(frame),
        new FetchOptions((long) windowBlocks * BYTES, BYTES),
        hedging,
        () -> {});
  }

  private static Verdict verdict(Frame frame) {
    if (frame.status() != 200) {
      return Verdict.MISSING;
    }
    return ContentDigest.of(frame.body()).equals(frame.header().digest())
        ? Verdict.USABLE
        : Verdict.DAMAGED;
  }

  private Hedging hedging(@Nullable Duration after, double share) {
    return new Hedging(after, share, "hedges", meters);
  }

  private double hedges(String outcome) {
    return meters.counter("hedges", "outcome", outcome).count();
  }

  /** Takes until nothing more comes, and checks what came. */
  private Map<Integer, byte[]> all(PrefixStream stream) {
    Map<Integer, byte[]> taken = new TreeMap<>();
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> {
          boolean done = stream.isDone();
          for (FetchedBlock block : stream.take()) {
            assertThat(taken.put(block.index(), block.bytes())).isNull();
            Frame stored = peers.fragments().get(keys.get(block.index()));
            assertThat(stored).isNotNull();
            assertThat(block.bytes()).isEqualTo(stored.body());
          }
          return done;
        });
    assertEnded(stream);
    return taken;
  }

  private static void assertEnded(PrefixStream stream) {
    await().atMost(Duration.ofSeconds(30)).until(stream::isEnded);
  }

  @Test
  void everyBlockComesOnceWithinAnyWindow() {
    for (int window : new int[] {1, 4, 7, BLOCKS, 100}) {
      try (PrefixStream stream = open(hedging(null, 0), window)) {
        assertThat(all(stream)).hasSize(BLOCKS);
        assertThat(stream.missing().isEmpty()).isTrue();
      }
    }
  }

  @Test
  void nothingIsAskedForBeyondTheWindowUntilItIsTaken() {
    try (PrefixStream stream = open(hedging(null, 0), 4)) {
      await().until(stream::isFull);
      assertThat(stream.take()).hasSizeBetween(1, 4);
      all(stream);
    }
  }

  @Test
  void holesAreToldAndTheRestComes() {
    peers.fragments().remove(keys.get(3));
    peers.fragments().remove(keys.get(11));
    try (PrefixStream stream = open(hedging(null, 0), 100)) {
      assertThat(all(stream)).hasSize(BLOCKS - 2).doesNotContainKeys(3, 11);
      assertThat(stream.missing().stream()).containsExactly(3, 11);
    }
  }

  @Test
  void whatIsComputedIsNotFetched() {
    proxy.inject(new Fault.Silence());
    try (PrefixStream stream = open(hedging(null, 0), 100)) {
      stream.computed(5);
      assertThat(stream.isDone()).isFalse();
      stream.computed(BLOCKS);
      assertThat(stream.isDone()).isTrue();
      assertThat(stream.missing().isEmpty()).isTrue();
      assertEnded(stream);
    }
  }

  @Test
  void aSilentRequestIsSentAgainAndTheSecondWins() {
    peers.stallGets(1);
    try (PrefixStream stream = open(hedging(Duration.ofMillis(100), 1), 100)) {
      assertThat(all(stream)).hasSize(BLOCKS);
      assertThat(stream.missing().isEmpty()).isTrue();
      assertThat(hedges("won")).isPositive();
    }
  }

  @Test
  void aShareBoundsTheSecondRequests() {
    proxy.inject(new Fault.Silence());
    try (PrefixStream stream = open(hedging(Duration.ofMillis(20), 0.01), 4 * BLOCKS)) {
      assertThat(all(stream)).isEmpty();
      assertThat(stream.missing().cardinality()).isEqualTo(BLOCKS);
      assertThat(hedges("lost")).isEqualTo(1);
      assertThat(hedges("denied")).isPositive();
    }
  }

  @Test
  void ofCutStalledOrDamagedAnswersWhatCameWholeIsUsed() {
    Seeds.forAll(
        12,
        random -> {
          long at = random.nextLong(4L * BYTES);
          Fault fault =
              switch (random.nextInt(3)) {
                case 0 -> new Fault.CutAfter(at);
                case 1 -> new Fault.FlipBit(at);
                default -> new Fault.Delay(Duration.ofMillis(1));
              };
          proxy.inject(fault);
          try (PrefixStream stream = open(hedging(null, 0.05), 1 + random.nextInt(BLOCKS))) {
            Map<Integer, byte[]> taken = all(stream);
            assertThat(taken).hasSize(BLOCKS - stream.missing().cardinality());
            assertThat(stream.missing().stream()).noneMatch(taken::containsKey);
          } finally {
            proxy.heal();
          }
        });
  }

  @Test
  void theCallersTimeBoundsAFetchThatStalls() throws Exception {
    proxy.inject(new Fault.Stall(BYTES / 2));
    PrefixStream stream =
        CallContext.of("acme", Duration.ofSeconds(1)).call(() -> open(hedging(null, 0), 100));
    try (stream) {
      all(stream);
      assertThat(stream.missing().cardinality()).isPositive();
    }
  }

  @Test
  void aStreamThatIsClosedLeavesNoThread() {
    proxy.inject(new Fault.Stall(BYTES / 2));
    PrefixStream stream = open(hedging(Duration.ofMillis(20), 1), 5);
    stream.close();
    assertThat(stream.take()).isEmpty();
    assertEnded(stream);
  }
}
