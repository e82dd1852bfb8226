package io.membrane.reconstruction.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.fixture.Seeds;
import io.membrane.fixture.TestClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class SessionHistoryTest {

  private static final Namespace NAMESPACE = Seeds.namespace(16);
  private static final SessionKey CHAT = new SessionKey("acme", "chat");
  private static final SessionLimits LIMITS = new SessionLimits(3, 2, 20, Duration.ofMinutes(10));

  private final TestClock clock = new TestClock();
  private final SessionHistory history = new SessionHistory(LIMITS, 0, clock);
  private final Random random = new Random(1);

  private List<BlockHash> chain(int blocks) {
    return Stream.generate(() -> Seeds.hash(random)).limit(blocks).toList();
  }

  private void note(SessionKey key, int totalTokens, List<BlockHash> chain) {
    history.note(key, turn(totalTokens, 0), NAMESPACE, chain);
  }

  private Turn turn(int totalTokens, int reusedTokens) {
    return new Turn(clock.millis(), totalTokens, reusedTokens, totalTokens - reusedTokens, 0);
  }

  private Session known(SessionKey key) {
    return Objects.requireNonNull(history.find(key));
  }

  @Test
  void aSessionIsItsTurnsAndTheBlocksOfTheLast() {
    List<BlockHash> last = chain(4);
    note(CHAT, 40, chain(2));
    clock.advance(Duration.ofSeconds(30));
    note(CHAT, 70, last);

    Session session = known(CHAT);

    assertThat(session.chain()).isEqualTo(last);
    assertThat(session.turnCount()).isEqualTo(2);
    assertThat(session.growthTokens()).isEqualTo(30);
    assertThat(session.pausesMs()).containsExactly(30_000L);
    assertThat(session.last().atMs() - session.firstAtMs()).isEqualTo(30_000);
  }

  @Test
  void theSameIdOfAnotherTenantIsAnotherSession() {
    note(CHAT, 40, chain(2));

    assertThat(history.find(new SessionKey("other", "chat"))).isNull();
  }

  @Test
  void ofManyTurnsTheLastAreKeptAndAllAreCounted() {
    for (int i = 1; i <= 5; i++) {
      note(CHAT, 10 * i, List.of());
    }

    assertThat(known(CHAT).turns()).extracting(Turn::totalTokens).containsExactly(40, 50);
    assertThat(known(CHAT).turnCount()).isEqualTo(5);
  }

  @Test
  void ofAChainThatIsLongerThanAllMayBeTheHeadIsKept() {
    List<BlockHash> chain = chain(25);
    note(CHAT, 400, chain);

    assertThat(known(CHAT).chain()).isEqualTo(chain.subList(0, 20));
  }

  @Test
  void aSessionThatIsExpectedIsDueOnce() {
    learnPauses(Duration.ofMinutes(1));
    note(CHAT, 40, chain(2));

    assertThat(history.due()).doesNotContain(CHAT);
    clock.advance(Duration.ofMinutes(2));
    assertThat(history.due()).contains(CHAT);
    assertThat(history.due()).isEmpty();
  }

  @Test
  void aSessionThatWentOnIsNotDueForItsTurnBefore() {
    learnPauses(Duration.ofMinutes(1));
    note(CHAT, 40, chain(2));
    clock.advance(Duration.ofMinutes(2));
    note(CHAT, 40, chain(2));

    assertThat(history.due()).doesNotContain(CHAT);
  }

  @Test
  void aSessionThatHardlyGoesOnIsNeverDue() {
    SessionHistory strict = new SessionHistory(LIMITS, 1, clock);
    for (int i = 0; i < 30; i++) {
      SessionKey back = new SessionKey("x", "back" + i);
      strict.note(back, turn(10, 0), NAMESPACE, List.of());
      clock.advance(Duration.ofSeconds(10));
      strict.note(back, turn(10, 0), NAMESPACE, List.of());
      strict.note(new SessionKey("x", "gone" + i), turn(10, 0), NAMESPACE, List.of());
    }
    strict.note(CHAT, turn(10, 0), NAMESPACE, List.of());
    Forecast forecast = Objects.requireNonNull(strict.forecast(CHAT));
    clock.advance(Duration.ofMinutes(1));

    assertThat(forecast.probability()).isBetween(0.4, 0.6);
    assertThat(strict.due()).doesNotContain(CHAT);
  }

  @Test
  void blocksFetchedAheadAreUsefulIfTheNextTurnReusesThem() {
    List<BlockHash> chain = chain(3);
    note(CHAT, 48, chain);

    assertThat(history.fetchAhead(CHAT, 1, chain)).isTrue();
    history.note(CHAT, turn(64, 32), NAMESPACE, chain);

    assertThat(history.usefulBlocks()).isEqualTo(2);
    assertThat(history.wastedBlocks()).isEqualTo(1);
  }

  @Test
  void blocksOfASessionThatDoesNotComeBackAreWasted() {
    List<BlockHash> chain = chain(3);
    note(CHAT, 48, chain);
    history.fetchAhead(CHAT, 1, chain);

    clock.advance(LIMITS.idle());

    assertThat(history.find(CHAT)).isNull();
    assertThat(history.wastedBlocks()).isEqualTo(3);
  }

  @Test
  void whatComesTooLateIsNotFetched() {
    List<BlockHash> chain = chain(3);
    note(CHAT, 48, chain);
    note(CHAT, 48, chain);

    assertThat(history.fetchAhead(CHAT, 1, chain)).isFalse();
    assertThat(history.fetchAhead(new SessionKey("a", "b"), 1, chain)).isFalse();
  }

  @Test
  void whatCouldNotBeFetchedIsNeitherUsefulNorWasted() {
    List<BlockHash> chain = chain(3);
    note(CHAT, 48, chain);
    history.fetchAhead(CHAT, 1, chain);
    history.notFetched(CHAT, chain);
    note(CHAT, 48, chain);

    assertThat(history.usefulBlocks() + history.wastedBlocks()).isZero();
  }

  @Test
  void whatIsKeptIsWhatANaiveListKeeps() {
    Seeds.forAll(100, SessionHistoryTest::compareWithAList);
  }

  private void learnPauses(Duration pause) {
    for (int i = 0; i < 30; i++) {
      SessionKey key = new SessionKey("x", "back" + i);
      note(key, 16, List.of());
      clock.advance(pause);
      note(key, 16, List.of());
    }
  }

  private static void compareWithAList(RandomGenerator random) {
    TestClock clock = new TestClock();
    SessionLimits limits =
        new SessionLimits(
            1 + random.nextInt(5), 1 + random.nextInt(4), 1 + random.nextInt(30), LIMITS.idle());
    SessionHistory history = new SessionHistory(limits, random.nextDouble(), clock);
    Naive naive = new Naive(limits);
    List<SessionKey> keys = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      keys.add(new SessionKey("t" + i % 2, "s" + i / 2));
    }
    for (int step = 0; step < 200; step++) {
      clock.advance(Duration.ofSeconds(random.nextInt(200)));
      SessionKey key = keys.get(random.nextInt(keys.size()));
      List<BlockHash> chain =
          Stream.generate(() -> Seeds.hash(random)).limit(random.nextInt(12)).toList();
      Turn turn = new Turn(clock.millis(), 16 * chain.size() + 1, 0, 0, 0);
      history.note(key, turn, NAMESPACE, chain);
      naive.note(key, turn, chain);
      for (SessionKey each : keys) {
        assertThat(history.find(each)).isEqualTo(naive.sessions.get(each));
      }
      assertThat(history.due()).allMatch(naive.sessions::containsKey);
      assertThat(history.size()).isEqualTo(naive.sessions.size());
    }
  }

  /** The same by the book, in the order of the last turns. */
  private static final class Naive {

    private final SessionLimits limits;
    private final Map<SessionKey, Session> sessions = new LinkedHashMap<>();

    Naive(SessionLimits limits) {
      this.limits = limits;
    }

    void note(SessionKey key, Turn turn, List<BlockHash> chain) {
      long oldest = turn.atMs() - limits.idle().toMillis();
      sessions.values().removeIf(s -> s.last().atMs() <= oldest);
      Session before = sessions.remove(key);
      List<Turn> turns = new ArrayList<>(before == null ? List.of() : before.turns());
      turns.add(turn);
      while (turns.size() > limits.maxTurns()) {
        turns.removeFirst();
      }
      sessions.put(
          key,
          new Session(
              before == null ? turn.atMs() : before.firstAtMs(),
              before == null ? 1 : before.turnCount() + 1,
              turns,
              NAMESPACE,
              chain.stream().limit(limits.maxBlocks()).toList()));
      Iterator<Session> eldest = sessions.values().iterator();
      while (sessions.size() > limits.maxSessions() || blocks() > limits.maxBlocks()) {
        eldest.next();
        eldest.remove();
      }
    }

    private int blocks() {
      return sessions.values().stream().mapToInt(s -> s.chain().size()).sum();
    }
  }
}
