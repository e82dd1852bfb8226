package io.membrane.directory.location;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.Slice;
import io.membrane.fixture.Seeds;
import io.membrane.fixture.TestClock;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.LogEntry;
import io.membrane.wire.MatchResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ImagePropertyTest {

  static final List<BlockHash> CHAIN = Entries.chain(20);
  private static final List<Slice> SLICES =
      List.of(
          Entries.ATTENTION,
          Slice.parse("attn.32-63.0of1"),
          Entries.STATE,
          Slice.parse("state.32-63.0of1"));
  private static final List<String> CLUSTERS = List.of("c1", "c2");
  private static final List<String> NODES = List.of("n0", "n1", "n2");
  static final List<String> DOMAINS = List.of(Entries.DOMAIN, "tenant:b");
  private static final List<String> TIERS = List.of("gpu", "memory");

  @Test
  void anyHistoryIsAnsweredAsTheOracleDoes() {
    Seeds.forAll(
        150,
        random -> {
          TestClock clock = new TestClock();
          Image image = new Image(100, clock);
          NaiveDirectory oracle = new NaiveDirectory();
          List<BlockHash> chain = CHAIN.subList(0, random.nextBoolean() ? 5 : 20);
          Numbers numbers = new Numbers();
          List<LogEntry> history = new ArrayList<>();
          for (int step = 0; step < 120; step++) {
            LogEntry entry = numbers.entry(random, event(random, chain, clock));
            history.add(entry);
            image.apply(entry);
            oracle.apply(entry);
            if (random.nextInt(10) == 0) {
              clock.advance(Duration.ofMillis(700));
            }
            if (random.nextInt(10) == 0) {
              image.sweep(random.nextInt(10));
            }
            if (step % 3 == 0) {
              compare(image, oracle, chain, needs(random), clock.millis());
            }
          }
          Image replayed = new Image(100, clock);
          history.forEach(replayed::apply);
          compare(replayed, oracle, chain, needs(random), clock.millis());
          image.sweep(Integer.MAX_VALUE);
          replayed.sweep(Integer.MAX_VALUE);
          for (Image swept : List.of(image, replayed)) {
            assertThat(swept.nodes()).isEqualTo(oracle.nodes(clock.millis()));
            assertThat(swept.copies()).isEqualTo(oracle.copies(clock.millis()));
            assertThat(swept.blocks()).isEqualTo(oracle.blocks(clock.millis()));
          }
        });
  }

  @Test
  void aBatchSaysWhatItsEntriesSay() {
    Seeds.forAll(
        100,
        random -> {
          TestClock clock = new TestClock();
          Image image = new Image(100, clock);
          NaiveDirectory oracle = new NaiveDirectory();
          Numbers numbers = new Numbers();
          for (int step = 0; step < 12; step++) {
            LogEntry first = numbers.entry(random, event(random, CHAIN, clock));
            boolean isLost = isLast(first);
            int count = isLost ? 1 : random.nextInt(40);
            ChangeBatch batch =
                new ChangeBatch(
                    new Source(first.cluster(), first.node(), first.domain()),
                    first.epoch() == null
                        ? null
                        : new NodeProgress(
                            first.epoch(), Objects.requireNonNull(first.sequence())));
            for (int i = 0; i < count; i++) {
              Event event = isLost ? first.event() : event(random, CHAIN, clock);
              add(event, batch);
              oracle.apply(
                  new LogEntry(
                      first.node(),
                      first.cluster(),
                      first.domain(),
                      first.epoch(),
                      first.sequence() == null ? null : first.sequence() + i,
                      event));
            }
            Image.Applied applied = image.apply(batch);
            assertThat(applied.applied() + applied.seen() + applied.outdated()).isEqualTo(count);
            clock.advance(Duration.ofMillis(700));
            compare(image, oracle, CHAIN, needs(random), clock.millis());
          }
        });
  }

  @Test
  void pastTheBoundWhatIsAnsweredIsStillTrue() {
    Seeds.forAll(
        100,
        random -> {
          TestClock clock = new TestClock();
          int bound = 1 + random.nextInt(12);
          Image image = new Image(bound, clock);
          NaiveDirectory oracle = new NaiveDirectory();
          Numbers numbers = new Numbers();
          for (int step = 0; step < 200; step++) {
            LogEntry entry = numbers.entry(random, event(random, CHAIN, clock));
            image.apply(entry);
            oracle.apply(entry);
            long nowMs = clock.millis();
            assertThat(image.blocks() + image.goneBlocks()).isBetween(0, bound);
            assertThat(image.copies())
                .isLessThanOrEqualTo((long) Image.LOCATIONS_PER_BLOCK * bound);
            if (step % 10 == 0) {
              assertThatAllToldIsTrue(image, oracle, nowMs);
            }
            if (random.nextInt(20) == 0) {
              clock.advance(Duration.ofSeconds(1));
            }
          }
        });
  }

  @Test
  void theChildrenOfABlockAreThoseThatWereLastStoredAsSuch() {
    Seeds.forAll(
        100,
        random -> {
          TestClock clock = new TestClock();
          Image image = new Image(1000, clock);
          NaiveDirectory oracle = new NaiveDirectory();
          for (int step = 0; step < 150; step++) {
            LogEntry entry = child(random);
            image.apply(entry);
            oracle.apply(entry);
          }
          for (String domain : DOMAINS) {
            for (BlockHash hash : CHAIN) {
              assertThat(image.children(hash, 100, domain))
                  .containsExactlyInAnyOrderElementsOf(
                      oracle.children(hash, domain, clock.millis()));
            }
          }
        });
  }

  private static void assertThatAllToldIsTrue(Image image, NaiveDirectory oracle, long nowMs) {
    for (String domain : DOMAINS) {
      for (BlockHash hash : CHAIN) {
        for (DirectoryClient.Place place : image.places(hash, domain)) {
          assertThat(oracle.places(hash, domain, nowMs))
              .anyMatch(p ->
                  p.cluster().equals(place.cluster())
                      && p.node().equals(place.node())
                      && p.tier().equals(place.tier())
                      && p.slices().containsAll(place.slices()));
        }
      }
    }
  }

  private static void add(Event event, ChangeBatch batch) {
    int form =
        event.slice() == null
            ? ChangeBatch.ANY
            : batch.form(event.slice(), Objects.requireNonNullElse(event.bytes(), 0L));
    int tier = event.tier() == null ? ChangeBatch.ANY : batch.tier(event.tier());
    switch (event.type()) {
      case STORED ->
          batch.stored(
              Objects.requireNonNull(event.blockHash()),
              event.parentHash(),
              batch.namespace(Entries.NAMESPACE),
              Objects.requireNonNull(event.tokenSpan()).from() / 16,
              form,
              tier,
              Objects.requireNonNullElse(event.expiresAtMs(), Long.MAX_VALUE));
      case REMOVED -> batch.removed(Objects.requireNonNull(event.blockHash()), form, tier);
      case CLEARED -> batch.cleared();
    }
  }

  static void compare(
      Image image, NaiveDirectory oracle, List<BlockHash> chain, Set<Slice> needs, long nowMs) {
    for (String domain : DOMAINS) {
      MatchResponse answer = image.match(chain, needs, 16, domain);
      assertThat(answer.matches())
          .as("match with needs %s", needs)
          .isEqualTo(oracle.match(chain, needs, domain, nowMs));
      assertThat(answer.nodes()).isEqualTo(oracle.matchOfNodes(chain, needs, domain, nowMs));
      assertThat(answer.clusters()).isEqualTo(oracle.matchOfClusters(chain, needs, domain, nowMs));
      for (BlockHash hash : chain) {
        assertThat(image.places(hash, domain)).isEqualTo(oracle.places(hash, domain, nowMs));
      }
    }
  }

  static Event event(RandomGenerator random, List<BlockHash> chain, TestClock clock) {
    int block = random.nextInt(chain.size());
    Slice slice = SLICES.get(random.nextInt(SLICES.size()));
    String tier = TIERS.get(random.nextInt(TIERS.size()));
    int kind = random.nextInt(100);
    if (kind < 78) {
      Long end = random.nextInt(4) == 0 ? clock.millis() + random.nextInt(4000) : null;
      return Entries.stored(chain, block, slice, tier, end);
    }
    if (kind < 98) {
      return Entries.removed(
          chain.get(block),
          random.nextBoolean() ? slice : null,
          random.nextBoolean() ? tier : null);
    }
    return Entries.cleared();
  }

  static Set<Slice> needs(RandomGenerator random) {
    Set<Slice> needs = new HashSet<>();
    for (Slice slice : SLICES) {
      if (random.nextInt(3) == 0) {
        needs.add(slice);
      }
    }
    return needs;
  }

  private static boolean isLast(LogEntry entry) {
    return Objects.equals(entry.sequence(), NodeProgress.LAST_SEQUENCE);
  }

  /**
   * Numbers the events of n1 and n2, with repeats and restarts, and loses these nodes; n0 is a
   * shared store.
   */
  static final class Numbers {
    private final Map<Source, long[]> next = new HashMap<>();

    LogEntry entry(RandomGenerator random, Event event) {
      Source source =
          new Source(
              CLUSTERS.get(random.nextInt(20) / 16),
              NODES.get(random.nextInt(NODES.size())),
              DOMAINS.get(random.nextInt(10) / 7));
      if (source.node().equals("n0")) {
        return entry(source, null, null, event);
      }
      long[] at = next.computeIfAbsent(source, n -> new long[] {1, 0});
      int luck = random.nextInt(40);
      if (luck == 0) {
        at[0]++;
        at[1] = 0;
      }
      if (luck == 1 && at[1] > 0) {
        return entry(source, at[0], random.nextLong(at[1]), event);
      }
      if (luck == 2) {
        return entry(source, at[0] - 1, at[1], event);
      }
      if (luck == 3) {
        return entry(source, at[0], NodeProgress.LAST_SEQUENCE, Entries.cleared());
      }
      return entry(source, at[0], at[1]++, event);
    }

    private static LogEntry entry(
        Source source, @Nullable Long epoch, @Nullable Long sequence, Event event) {
      return new LogEntry(source.node(), source.cluster(), source.domain(), epoch, sequence, event);
    }
  }

  /** A block of five at each of four depths, stored behind any of those before, or removed. */
  static LogEntry child(RandomGenerator random) {
    int depth = random.nextInt(4);
    BlockHash block = CHAIN.get(5 * depth + random.nextInt(5));
    Event like = Entries.stored(CHAIN, depth, Entries.ATTENTION, "memory");
    Event event =
        random.nextInt(5) == 0
            ? Entries.removed(block, null, null)
            : new Event(
                like.type(),
                like.namespace(),
                block,
                depth == 0 ? null : CHAIN.get(5 * (depth - 1) + random.nextInt(5)),
                like.slice(),
                like.bytes(),
                like.tier(),
                like.tokenSpan(),
                null);
    return new LogEntry("n0", "c1", DOMAINS.get(random.nextInt(2)), null, null, event);
  }
}
