package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.fixture.Seeds;
import io.membrane.fixture.TestClock;
import io.membrane.reconstruction.prefetch.PrefetchCounts;
import io.membrane.reconstruction.prefetch.PrefetchSettings;
import io.membrane.reconstruction.prefetch.PrefetchSettings.When;
import io.membrane.reconstruction.prefetch.Prefetching;
import io.membrane.reconstruction.session.SessionHistory;
import io.membrane.reconstruction.session.SessionKey;
import io.membrane.reconstruction.session.SessionLimits;
import io.membrane.reconstruction.session.Turn;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ClientProperties;
import io.membrane.rpc.ServiceClients;
import io.membrane.rpc.WireJson;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.FragmentClient.Keys;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.web.client.RestClient;

/** What is asked ahead under each setting, over real HTTP. */
class PrefetchingTest {

  private static final MiniFleet FLEET = new MiniFleet();
  private static final String PREFETCH = "/v1/fragments/prefetch";
  private static final SessionKey CHAT = new SessionKey("acme", "chat");
  private static final long PLENTY = 1_000_000;

  private final TestClock clock = new TestClock();
  private final SessionHistory history =
      new SessionHistory(new SessionLimits(100, 8, 1000, Duration.ofHours(1)), 0.5, clock);
  private final List<BlockHash> chain = blocks(1, 6);

  @AfterEach
  void heal() {
    FLEET.reset();
  }

  private static List<BlockHash> blocks(long seed, int count) {
    Random random = new Random(seed);
    return Stream.generate(() -> Seeds.hash(random)).limit(count).toList();
  }

  private Prefetching prefetching(When when, int related, long bytesPerSecond) {
    ClientProperties properties =
        new Binder(new MapConfigurationPropertySource(Map.of()))
            .bindOrCreate("membrane.client", ClientProperties.class);
    ServiceClients clients = new ServiceClients(RestClient.builder(), properties);
    return new Prefetching(
        history,
        clients.of(DirectoryClient.class, "directory-service", FLEET.directory.url()),
        clients.of(FragmentClient.class, "fragment-service", FLEET.fragments.url()),
        new PrefetchSettings(when, related, bytesPerSecond),
        clock);
  }

  private void turn(SessionKey key) {
    history.note(key, new Turn(clock.millis(), 96, 0, 96, 0), MiniFleet.NAMESPACE, chain);
  }

  private static List<FragmentKey> keys(List<BlockHash> blocks) {
    return blocks.stream().map(hash -> new FragmentKey(hash, MiniFleet.SLICE)).toList();
  }

  private static List<List<FragmentKey>> asked() {
    return FLEET.fragments.calls(PREFETCH).stream()
        .map(call -> WireJson.mapper().readValue(call.body(), Keys.class).keys())
        .toList();
  }

  private static void awaitAsked(List<BlockHash> blocks) {
    Awaitility.await().until(() -> !asked().isEmpty());
    assertThat(asked()).containsExactly(keys(blocks));
  }

  @Test
  void aTurnThatBeginsHasItsBlocksFetched() {
    turn(CHAT);
    Prefetching prefetching = prefetching(When.TURN, 0, PLENTY);

    prefetching.turnBegins(CHAT);

    awaitAsked(chain);
    Awaitility.await().until(() -> prefetching.turnCounts().blocks() == 6);
    assertThat(prefetching.turnCounts().bytes()).isEqualTo(6L * MiniWorker.PAYLOAD_BYTES);
  }

  @Test
  void whoIsNeverToFetchAsksNothing() {
    turn(CHAT);
    Prefetching never = prefetching(When.NEVER, 0, PLENTY);
    never.turnBegins(CHAT);
    never.expectTurns();

    prefetching(When.TURN, 0, PLENTY).turnBegins(CHAT);

    awaitAsked(chain);
    assertThat(never.turnCounts().blocks() + never.turnCounts().failed()).isZero();
  }

  @Test
  void anExpectedTurnHasItsBlocksFetchedWithoutBeginning() {
    for (int i = 0; i < 40; i++) {
      turn(CHAT);
      clock.advance(Duration.ofMinutes(1));
    }
    turn(CHAT);
    Prefetching prefetching = prefetching(When.EXPECTED, 0, PLENTY);
    prefetching.expectTurns();
    clock.advance(Duration.ofMinutes(2));

    prefetching.expectTurns();
    prefetching.expectTurns();

    awaitAsked(chain);
    Awaitility.await().until(() -> prefetching.turnCounts().blocks() == 6);
  }

  @Test
  void blocksThatCoAccessNamesComeBehindTheChain() {
    List<BlockHash> next = blocks(2, 2);
    FLEET.relate(List.of(chain.getFirst(), next.getFirst(), next.getLast()));
    turn(CHAT);

    prefetching(When.TURN, 10, PLENTY).turnBegins(CHAT);

    awaitAsked(Stream.concat(chain.stream(), next.stream()).toList());
  }

  @Test
  void theStateThatTheNextTurnBeginsBehindIsFetchedFirst() {
    Slice state = Slice.parse("state.0-1.0of1");
    FLEET.snapshot(chain.get(1), state, 500);
    FLEET.snapshot(chain.getLast(), state, 500);
    turn(CHAT);
    Prefetching prefetching = prefetching(When.TURN, 0, 500 + 4L * MiniWorker.PAYLOAD_BYTES);

    prefetching.turnBegins(CHAT);

    Awaitility.await().until(() -> prefetching.turnCounts().blocks() == 4);
    List<FragmentKey> expected = new ArrayList<>();
    expected.add(new FragmentKey(chain.getLast(), state));
    expected.addAll(keys(chain.subList(0, 4)));
    assertThat(asked()).containsExactly(expected);
    assertThat(prefetching.turnCounts().bytes()).isEqualTo(500 + 4L * MiniWorker.PAYLOAD_BYTES);
  }

  @Test
  void aStateThatIsTooLargeForASecondIsLeft() {
    FLEET.snapshot(chain.getLast(), Slice.parse("state.0-1.0of1"), PLENTY + 1);
    turn(CHAT);

    prefetching(When.TURN, 0, PLENTY).turnBegins(CHAT);

    awaitAsked(chain);
  }

  @Test
  void noMoreIsFetchedThanTheBytesOfASecond() {
    turn(CHAT);
    Prefetching prefetching = prefetching(When.TURN, 0, 2L * MiniWorker.PAYLOAD_BYTES);

    prefetching.turnBegins(CHAT);

    awaitAsked(chain.subList(0, 2));
    assertThat(prefetching.turnCounts().leftOut()).isEqualTo(4);
  }

  @Test
  void pastTheLimitOfTasksTurnsGoWithout() {
    FLEET.fragments.stallMidBody(PREFETCH, "{");
    Prefetching prefetching = prefetching(When.TURN, 0, PLENTY);
    for (int i = 0; i < 17; i++) {
      SessionKey key = new SessionKey("acme", "chat" + i);
      turn(key);
      prefetching.turnBegins(key);
    }

    assertThat(prefetching.turnCounts().failed()).isEqualTo(1);
    Awaitility.await().until(() -> asked().size() == 16);
  }

  @Test
  void similarBlocksAreFetchedWithinTheBytesOfASecondAndCountedApart() {
    Prefetching prefetching = prefetching(When.TURN, 0, 2L * MiniWorker.PAYLOAD_BYTES);

    prefetching.similar(() -> chain);

    awaitAsked(chain.subList(0, 2));
    PrefetchCounts counts = prefetching.similarCounts();
    Awaitility.await().until(() -> counts.blocks() == 2);
    assertThat(counts.bytes()).isEqualTo(2L * MiniWorker.PAYLOAD_BYTES);
    assertThat(counts.leftOut()).isEqualTo(4);
    assertThat(
            counts.failed() + prefetching.turnCounts().blocks() + prefetching.turnCounts().bytes())
        .isZero();
  }

  @Test
  void similarBlocksAreNotFetchedPastTheDeadlineOfTheCall() throws Exception {
    Prefetching prefetching = prefetching(When.TURN, 0, PLENTY);
    CountDownLatch late = new CountDownLatch(1);

    CallContext.of("acme", Duration.ofMillis(50))
        .call(() -> {
          prefetching.similar(() -> {
            CallContext call = CallContext.currentOr(Duration.ofDays(1));
            Awaitility.await().until(() -> call.remaining().isZero());
            late.countDown();
            return chain;
          });
          return chain;
        });

    assertThat(late.await(10, TimeUnit.SECONDS)).isTrue();
    Awaitility.await().until(() -> prefetching.similarCounts().failed() == 1);
    assertThat(asked()).isEmpty();
  }

  @Test
  void whoIsNeverToFetchDoesNotLookForSimilarBlocks() {
    Prefetching never = prefetching(When.NEVER, 0, PLENTY);
    never.similar(() -> {
      throw new AssertionError("looked");
    });
    assertThat(never.similarCounts().failed() + never.similarCounts().blocks()).isZero();
  }

  @Test
  void similarBlocksThatCannotBeAskedAreCountedAsFailed() {
    FLEET.refusePrefetch();
    Prefetching prefetching = prefetching(When.TURN, 0, PLENTY);

    prefetching.similar(() -> chain);

    Awaitility.await().until(() -> prefetching.similarCounts().failed() == 1);
    assertThat(prefetching.similarCounts().blocks()).isZero();
  }

  @Test
  void whatCouldNotBeAskedIsNeitherUsefulNorWasted() {
    FLEET.refusePrefetch();
    turn(CHAT);
    Prefetching prefetching = prefetching(When.TURN, 0, PLENTY);

    prefetching.turnBegins(CHAT);

    Awaitility.await().until(() -> prefetching.turnCounts().failed() == 1);
    turn(CHAT);
    assertThat(history.wastedBlocks() + history.usefulBlocks() + prefetching.turnCounts().blocks())
        .isZero();
  }
}
