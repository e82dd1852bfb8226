package io.membrane.directory.feed;

import static io.membrane.directory.location.Entries.ATTENTION;
import static io.membrane.directory.location.Entries.DOMAIN;
import static io.membrane.directory.location.Entries.NAMESPACE;
import static io.membrane.directory.location.Entries.STATE;
import static io.membrane.directory.location.Entries.entry;
import static io.membrane.directory.location.Entries.removed;
import static io.membrane.directory.location.Entries.stored;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.block.BlockHash;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.directory.location.Entries;
import io.membrane.directory.location.KnownBlock;
import io.membrane.fixture.RedisConnections;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.LogEntry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

/** A shared store whose log loses entries, and a replica that lists it anew. */
class RelistingTest {

  private static final List<BlockHash> CHAIN = Entries.chain(24);
  private static final List<String> DOMAINS = List.of(DOMAIN, "t-a", "t-b");
  private static final String STORE = "redis";

  private final RedisProcess redis = RedisProcess.embedded();
  private final LettuceConnectionFactory connections = RedisConnections.to(redis.port());
  private final StringRedisTemplate raw = new StringRedisTemplate(connections);
  private final Replica replica = new Replica(redis.port()).ready();

  /** What the store holds: the oracle. */
  private final Map<Key, Event> held = new HashMap<>();

  private record Key(String domain, BlockHash block, Slice slice) {}

  @AfterEach
  void stop() {
    replica.close();
    connections.destroy();
    redis.close();
  }

  @Test
  void whateverWasLostAndWhateverHappensMeanwhileTheImageIsTheStoreAfterwards() {
    Seeds.forAll(
        60,
        random -> {
          change(random, random.nextInt(30));
          lose(() -> change(random, 1 + random.nextInt(40)));
          assertThat(replica.tail.lostEntries()).isTrue();
          for (int vain = random.nextInt(3); vain > 0; vain--) {
            relist(random, false);
            assertThat(replica.tail.lostEntries()).isTrue();
          }
          relist(random, true);
          assertThat(replica.tail.isDoubtful()).isFalse();
          assertThat(view()).isEqualTo(oracle());

          change(random, random.nextInt(30));
          awaitAll();
          assertThat(view()).isEqualTo(oracle());
        });
  }

  @Test
  void aListingThatIsGivenUpLeavesTheImageAsItWas() throws InterruptedException {
    put(DOMAIN, 0, ATTENTION, null);
    put(DOMAIN, 1, ATTENTION, null);
    awaitAll();
    lose(() -> delete(new Key(DOMAIN, CHAIN.get(0), ATTENTION)));
    List<String> before = view();

    try (Relisting relisting = replica.tail.relist()) {
      relisting.begin("c1", STORE);
      relisting.take(List.of(entry(STORE, stored(CHAIN, 5, ATTENTION, "redis"))));
      assertThat(view()).hasSize(before.size() + 1);
    }
    assertThat(view()).isEqualTo(before);
    assertThat(replica.tail.lostEntries()).isTrue();
  }

  @Test
  void whatHappenedWhileAListingWasGivenUpStays() throws InterruptedException {
    Key deleted = new Key(DOMAIN, CHAIN.get(0), ATTENTION);
    put(DOMAIN, 0, ATTENTION, null);
    lose(() -> {});
    List<String> expected = new ArrayList<>(view());
    try (Relisting relisting = replica.tail.relist()) {
      relisting.begin("c1", STORE);
      put(DOMAIN, 1, ATTENTION, null);
      delete(deleted);
      awaitAll();
    }
    expected.remove(line(deleted, null));
    expected.add(line(new Key(DOMAIN, CHAIN.get(1), ATTENTION), null));
    assertThat(view()).containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void entriesLostWhileTheStoreIsListedMakeItVain() throws InterruptedException {
    put(DOMAIN, 0, ATTENTION, null);
    lose(() -> put(DOMAIN, 1, ATTENTION, null));
    try (Relisting relisting = replica.tail.relist()) {
      relisting.begin("c1", STORE);
      lose(() -> put(DOMAIN, 2, ATTENTION, null));
      assertThatThrownBy(relisting::complete)
          .isInstanceOf(MembraneException.class)
          .hasMessageContaining("listed again");
      assertThatThrownBy(() -> relisting.take(List.of())).isInstanceOf(MembraneException.class);
    }
    assertThat(replica.tail.lostEntries()).isTrue();
  }

  @Test
  void aLogTrimmedPastTheBeginningOfAListingMakesItVain() throws InterruptedException {
    lose(() -> put(DOMAIN, 1, ATTENTION, null));
    try (Relisting relisting = replica.tail.relist()) {
      relisting.begin("c1", STORE);
      put(DOMAIN, 2, ATTENTION, null);
      put(DOMAIN, 3, ATTENTION, null);
      awaitAll();
      var _ = raw.opsForStream().trim(LogEntry.STREAM, 1);
      assertThatThrownBy(relisting::complete).isInstanceOf(MembraneException.class);
    }
    assertThat(replica.tail.lostEntries()).isTrue();
    assertThat(view()).contains(line(new Key(DOMAIN, CHAIN.get(3), ATTENTION), null));
  }

  @Test
  void anotherLifeOfTheLogMakesAListingVain() throws InterruptedException {
    lose(() -> put(DOMAIN, 1, ATTENTION, null));
    try (Relisting relisting = replica.tail.relist()) {
      relisting.begin("c1", STORE);
      relisting.take(List.of(entry(STORE, stored(CHAIN, 5, ATTENTION, "redis"))));
      Objects.requireNonNull(raw.getConnectionFactory())
          .getConnection()
          .serverCommands()
          .flushAll();
      held.clear();
      put(DOMAIN, 2, ATTENTION, null);
      awaitAll();
      assertThatThrownBy(relisting::complete).isInstanceOf(MembraneException.class);
    }
    assertThat(replica.tail.isDoubtful()).isFalse();
    assertThat(view()).isEqualTo(oracle());
  }

  @Test
  void aNodeThatNumbersItsEventsIsLeftAloneAndSoIsItsDoubt() throws InterruptedException {
    replica.accept("n", 1, 0, stored(CHAIN, 0, ATTENTION, "memory"));
    replica.accept("n", 1, 1, stored(CHAIN, 1, ATTENTION, "memory"));
    awaitAll();
    var last = Objects.requireNonNull(replica.log.last());
    raw.opsForStream().delete(LogEntry.STREAM, last.toString());
    Awaitility.await().atMost(Replica.LIMIT).until(replica.tail::lostEntries);
    awaitAll();
    put(DOMAIN, 3, ATTENTION, null);
    awaitAll();

    try (Relisting relisting = replica.tail.relist()) {
      relisting.begin("c1", STORE);
      relisting.take(List.of(entry(STORE, stored(CHAIN, 3, ATTENTION, "redis"))));
      relisting.complete();
    }
    assertThat(replica.tail.lostEntries()).isFalse();
    assertThat(replica.tail.doubts("c1", "n", DOMAIN)).isTrue();
    assertThat(replica.image.places(CHAIN.get(1), DOMAIN)).hasSize(1);
    assertThat(replica.image.places(CHAIN.get(3), DOMAIN)).hasSize(1);
  }

  @Test
  void whatCannotBeUnderstoodIsSkippedAndTheRestHolds() throws InterruptedException {
    put(DOMAIN, 0, ATTENTION, null);
    lose(() -> {});
    Event nonsense =
        new Event(
            EventType.STORED,
            NAMESPACE,
            CHAIN.get(1),
            null,
            ATTENTION,
            1L,
            "redis",
            new TokenSpan(3, 9),
            null);
    try (Relisting relisting = replica.tail.relist()) {
      relisting.begin("c1", STORE);
      relisting.take(
          List.of(entry(STORE, nonsense), entry(STORE, stored(CHAIN, 0, ATTENTION, "redis"))));
      relisting.complete();
    }
    assertThat(view()).containsExactly(line(new Key(DOMAIN, CHAIN.get(0), ATTENTION), null));
  }

  @Test
  void listingAKnownBlockIsNoUseOfIt() throws InterruptedException {
    put(DOMAIN, 0, ATTENTION, null);
    awaitAll();
    int uses = Objects.requireNonNull(replica.image.block(CHAIN.get(0), DOMAIN)).uses();
    lose(() -> put(DOMAIN, 1, ATTENTION, null));
    relist(new Random(1), true);
    assertThat(Objects.requireNonNull(replica.image.block(CHAIN.get(0), DOMAIN)).uses())
        .isEqualTo(uses);
  }

  /** Lists the store while it changes: what is told comes late, and not all that is told holds. */
  private void relist(RandomGenerator random, boolean toItsEnd) {
    try (Relisting relisting = replica.tail.relist()) {
      relisting.begin("c1", STORE);
      List<Key> names = new ArrayList<>(held.keySet());
      List<LogEntry> underWay = new ArrayList<>();
      for (Key name : names) {
        if (random.nextInt(3) == 0) {
          change(random, 1 + random.nextInt(3));
        }
        Event now = held.get(name);
        if (now != null) {
          underWay.add(new LogEntry(STORE, "c1", name.domain(), null, null, now));
        }
        if (random.nextInt(4) == 0) {
          if (random.nextBoolean()) {
            awaitAll();
          }
          relisting.take(underWay);
          underWay.clear();
        }
      }
      if (toItsEnd) {
        relisting.take(underWay);
        relisting.complete();
        awaitAll();
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void awaitAll() {
    assertThat(replica.tail.await(Objects.requireNonNull(replica.log.last()), Replica.LIMIT))
        .isTrue();
  }

  /** The replica does not see what the log said meanwhile. */
  private void lose(Runnable meanwhile) {
    put(DOMAIN, 23, STATE, null);
    awaitAll();
    replica.tail.close();
    meanwhile.run();
    put(DOMAIN, 22, STATE, null);
    put(DOMAIN, 23, STATE, null);
    var _ = raw.opsForStream().trim(LogEntry.STREAM, 1);
    replica.tail.start();
    Awaitility.await()
        .atMost(Replica.LIMIT)
        .until(() -> replica.tail.lostEntries() && replica.tail.isCaughtUp());
    awaitAll();
  }

  private void change(RandomGenerator random, int times) {
    for (int i = 0; i < times; i++) {
      Key key =
          new Key(
              DOMAINS.get(random.nextInt(DOMAINS.size())),
              CHAIN.get(random.nextInt(CHAIN.size())),
              random.nextBoolean() ? ATTENTION : STATE);
      int kind = random.nextInt(20);
      if (kind == 0) {
        replica.clock.advance(Duration.ofSeconds(random.nextInt(5)));
      } else if (kind < 8) {
        delete(key);
      } else {
        Long end = kind < 12 ? seconds(random.nextInt(1, 20)) : null;
        put(key.domain(), CHAIN.indexOf(key.block()), key.slice(), end);
      }
    }
  }

  private Long seconds(int fromNow) {
    return (replica.clock.millis() / 1000 + fromNow) * 1000;
  }

  private void put(String domain, int block, Slice slice, @Nullable Long expiresAtMs) {
    Event event = stored(CHAIN, block, slice, "redis", expiresAtMs);
    held.put(new Key(domain, CHAIN.get(block), slice), event);
    append(domain, event);
  }

  private void delete(Key key) {
    if (held.remove(key) != null) {
      append(key.domain(), removed(key.block(), key.slice(), "redis"));
    }
  }

  private void append(String domain, Event event) {
    var _ = StoreEntries.append(raw, List.of(new LogEntry(STORE, "c1", domain, null, null, event)));
  }

  private List<String> oracle() {
    TreeSet<String> lines = new TreeSet<>();
    held.forEach((key, event) -> {
      if (event.expiresAtMs() == null || event.expiresAtMs() > replica.clock.millis()) {
        lines.add(line(key, event.expiresAtMs()));
      }
    });
    return List.copyOf(lines);
  }

  /** What the image says of the store; a copy that it names twice is there twice. */
  private List<String> view() {
    List<String> lines = new ArrayList<>();
    for (String domain : DOMAINS) {
      for (BlockHash hash : CHAIN) {
        KnownBlock block = replica.image.block(hash, domain);
        if (block != null) {
          block.copies().stream()
              .filter(copy -> copy.place().source().node().equals(STORE))
              .map(copy ->
                  line(
                      new Key(domain, hash, copy.slice()),
                      copy.expiresAtMs() == Long.MAX_VALUE
                          ? null
                          : Long.valueOf(copy.expiresAtMs())))
              .forEach(lines::add);
        }
      }
    }
    lines.sort(null);
    return lines;
  }

  private static String line(Key key, @Nullable Long expiresAtMs) {
    return key.domain() + " " + key.block() + " " + key.slice() + " until " + expiresAtMs;
  }
}
