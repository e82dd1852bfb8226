package io.membrane.directory.location;

import static io.membrane.directory.location.Entries.ATTENTION;
import static io.membrane.directory.location.Entries.STATE;
import static io.membrane.directory.location.Entries.cleared;
import static io.membrane.directory.location.Entries.entry;
import static io.membrane.directory.location.Entries.removed;
import static io.membrane.directory.location.Entries.stored;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.block.BlockHash;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.directory.location.Image.Outcome;
import io.membrane.fixture.TestClock;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.DirectoryClient.Match;
import io.membrane.wire.DirectoryClient.MatchResponse;
import io.membrane.wire.LogEntry;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ImageTest {

  private static final List<BlockHash> CHAIN = Entries.chain(8);
  private static final Slice OTHER_RANK = Slice.parse("attn.0-31.1of2");

  private final TestClock clock = new TestClock();
  private final Image image = new Image(100, clock);

  @Test
  void theLongestLeadingRunOfEachPlaceIsFoundLongestFirstThenByName() {
    store("b", 0, ATTENTION);
    store("b", 1, ATTENTION);
    store("a", 0, ATTENTION);
    store("a", 1, ATTENTION);
    store("c", 0, ATTENTION);
    store("c", 1, ATTENTION);
    store("c", 2, ATTENTION);
    store("late", 1, ATTENTION);

    MatchResponse answer = image.match(CHAIN, Set.of(), 16);

    assertThat(answer.matches())
        .containsExactly(
            new Match("c1", "c", "memory", 3, 48),
            new Match("c1", "a", "memory", 2, 32),
            new Match("c1", "b", "memory", 2, 32));
    assertThat(answer.best()).isEqualTo(answer.matches().getFirst());
    assertThat(answer.totalBlocks()).isEqualTo(8);
  }

  @Test
  void aHoleEndsTheRunWhateverFollows() {
    store("a", 0, ATTENTION);
    store("a", 2, ATTENTION);
    store("a", 3, ATTENTION);
    assertThat(matched(Set.of())).isEqualTo(1);
  }

  @Test
  void everyNeededSliceHasToBeThere() {
    store("a", 0, ATTENTION);
    store("a", 0, OTHER_RANK);
    store("a", 1, ATTENTION);
    assertThat(matched(Set.of(ATTENTION))).isEqualTo(2);
    assertThat(matched(Set.of(ATTENTION, OTHER_RANK))).isEqualTo(1);
    assertThat(matched(Set.of(OTHER_RANK, STATE))).isZero();
  }

  @Test
  void aHybridModelsPrefixEndsWhereAStateSnapshotIs() {
    for (int block = 0; block < 6; block++) {
      store("a", block, ATTENTION);
    }
    assertThat(matched(Set.of(ATTENTION, STATE))).isZero();
    store("a", 1, STATE);
    store("a", 3, STATE);
    store("a", 7, STATE);
    assertThat(matched(Set.of(ATTENTION, STATE))).isEqualTo(4);
    assertThat(matched(Set.of(ATTENTION))).isEqualTo(6);
    assertThat(matched(Set.of(STATE))).isEqualTo(8);
  }

  @Test
  void stateAloneIsNoMatchForAReaderThatNamesNoSlices() {
    store("a", 0, STATE);
    assertThat(image.match(CHAIN, Set.of(), 16).best()).isNull();
  }

  @Test
  void theBlockSizeComesFromWhatIsStoredWhenNobodyNamesIt() {
    assertThat(image.match(CHAIN, Set.of(), 0).blockTokens()).isZero();
    store("a", 0, ATTENTION);
    assertThat(image.match(CHAIN, Set.of(), 0).blockTokens()).isEqualTo(16);
    assertThat(image.match(CHAIN, Set.of(), 0).matches().getFirst().matchedTokens()).isEqualTo(16);
  }

  @Test
  void anExpiredCopyNeitherMatchesNorIsLocatedAndGivesItsRoomBack() {
    long end = clock.millis() + 1000;
    image.apply(entry("a", stored(CHAIN, 0, ATTENTION, "memory", end)));
    clock.advance(Duration.ofMillis(999));
    assertThat(matched(Set.of())).isEqualTo(1);
    clock.advance(Duration.ofMillis(1));
    assertThat(matched(Set.of())).isZero();
    assertThat(image.places(CHAIN.getFirst())).isEmpty();
    assertThat(image.blocks()).isEqualTo(1);
    image.dropExpired();
    assertThat(image.blocks()).isZero();
    assertThat(image.copies()).isZero();
  }

  @Test
  void storingAgainRenewsTheExpiry() {
    image.apply(entry("a", stored(CHAIN, 0, ATTENTION, "memory", clock.millis() + 1000)));
    store("a", 0, ATTENTION);
    clock.advance(Duration.ofDays(1));
    assertThat(matched(Set.of())).isEqualTo(1);
    assertThat(image.copies()).isEqualTo(1);
  }

  @Test
  void pastTheLimitTheLeastRecentlyStoredBlocksGoFirst() {
    Image small = new Image(3, clock);
    for (int block : new int[] {0, 1, 2, 0, 3}) {
      small.apply(entry("a", stored(CHAIN, block, ATTENTION, "memory")));
    }
    assertThat(small.blocks()).isEqualTo(3);
    assertThat(small.places(CHAIN.get(1))).isEmpty();
    assertThat(small.places(CHAIN.get(0))).isNotEmpty();
  }

  @Test
  void copiesAreBoundedTooNotOnlyBlocks() {
    Image small = new Image(2, clock);
    small.apply(entry("first", stored(CHAIN, 0, ATTENTION, "memory")));
    for (int node = 0; node < 3 * BlockTable.COPIES_PER_BLOCK; node++) {
      small.apply(entry("n" + node, stored(CHAIN, 1, ATTENTION, "memory")));
      assertThat(small.copies()).isLessThanOrEqualTo(2L * BlockTable.COPIES_PER_BLOCK);
    }
    assertThat(small.places(CHAIN.get(0))).isEmpty();
  }

  @Test
  void aBlockWithVeryManyCopiesForgetsItsOldest() {
    Image wide = new Image(10_000, clock);
    for (int node = 0; node <= Block.MAX_COPIES; node++) {
      wide.apply(entry("n" + node, stored(CHAIN, 0, ATTENTION, "memory")));
    }
    assertThat(wide.copies()).isEqualTo(Block.MAX_COPIES);
    assertThat(wide.places(CHAIN.getFirst())).noneMatch(p -> p.node().equals("n0"));
  }

  @Test
  void aClearedNodeLosesAllAndOthersNothing() {
    store("a", 0, ATTENTION);
    store("b", 0, ATTENTION);
    image.apply(new LogEntry("a", "another cluster", null, null, cleared()));
    assertThat(image.copies()).isEqualTo(2);
    image.apply(entry("a", cleared()));
    assertThat(image.places(CHAIN.getFirst())).singleElement().matches(p -> p.node().equals("b"));
  }

  @Test
  void aRemovalTakesTheSliceAndTierThatItNamesOrAll() {
    image.apply(entry("a", stored(CHAIN, 0, ATTENTION, "gpu")));
    image.apply(entry("a", stored(CHAIN, 0, ATTENTION, "memory")));
    image.apply(entry("a", stored(CHAIN, 0, STATE, "gpu")));
    image.apply(entry("a", removed(CHAIN.getFirst(), ATTENTION, "gpu")));
    assertThat(image.copies()).isEqualTo(2);
    image.apply(entry("b", removed(CHAIN.getFirst(), null, null)));
    assertThat(image.copies()).isEqualTo(2);
    image.apply(entry("a", removed(CHAIN.getFirst(), null, null)));
    assertThat(image.blocks()).isZero();
  }

  @Test
  void aNodesNumberedEventsCountOnceAndANewEpochClearsItFirst() {
    assertThat(image.progress("c1", "a")).isNull();
    assertThat(image.apply(entry("a", 5, 0, stored(CHAIN, 0, ATTENTION, "gpu"))))
        .isEqualTo(Outcome.APPLIED);
    assertThat(image.apply(entry("a", 5, 1, removed(CHAIN.getFirst(), null, null))))
        .isEqualTo(Outcome.APPLIED);
    assertThat(image.apply(entry("a", 5, 0, stored(CHAIN, 0, ATTENTION, "gpu"))))
        .isEqualTo(Outcome.SEEN);
    assertThat(image.blocks()).isZero();
    assertThat(image.apply(entry("a", 5, 2, stored(CHAIN, 1, ATTENTION, "gpu"))))
        .isEqualTo(Outcome.APPLIED);
    assertThat(image.progress("c1", "a")).isEqualTo(new NodeProgress(5, 3));

    assertThat(image.apply(entry("a", 6, 0, stored(CHAIN, 0, ATTENTION, "gpu"))))
        .isEqualTo(Outcome.APPLIED);
    assertThat(image.places(CHAIN.get(1))).isEmpty();
    assertThat(image.places(CHAIN.get(0))).hasSize(1);
    assertThat(image.apply(entry("a", 5, 3, stored(CHAIN, 1, ATTENTION, "gpu"))))
        .isEqualTo(Outcome.OUTDATED);
    assertThat(image.progress("c1", "a")).isEqualTo(new NodeProgress(6, 1));
  }

  @Test
  void anEventThatSaysTooLittleOrTheImpossibleIsRefusedAndChangesNothing() {
    Event good = stored(CHAIN, 0, ATTENTION, "memory");
    TokenSpan span = good.tokenSpan();
    for (Event bad :
        List.of(
            event(good, EventType.STORED, null, ATTENTION, span, "memory"),
            event(good, EventType.STORED, CHAIN.getFirst(), null, span, "memory"),
            event(good, EventType.STORED, CHAIN.getFirst(), ATTENTION, null, "memory"),
            event(good, EventType.STORED, CHAIN.getFirst(), ATTENTION, span, null),
            event(good, EventType.STORED, CHAIN.getFirst(), ATTENTION, span, " "),
            event(good, EventType.STORED, CHAIN.getFirst(), ATTENTION, new TokenSpan(0, 15), "m"),
            event(good, EventType.STORED, CHAIN.getFirst(), ATTENTION, new TokenSpan(8, 24), "m"),
            event(good, EventType.REMOVED, null, ATTENTION, span, "memory"),
            event(good, EventType.CLEARED, CHAIN.getFirst(), null, null, null))) {
      assertThatThrownBy(() -> image.apply(entry("a", 1, 0, bad)))
          .as("%s", bad)
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> image.apply(new LogEntry("a", "c1", 1L, null, good)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(image.blocks()).isZero();
    assertThat(image.progress("c1", "a")).isNull();
  }

  private static Event event(
      Event like,
      EventType type,
      @Nullable BlockHash hash,
      @Nullable Slice slice,
      @Nullable TokenSpan span,
      @Nullable String tier) {
    return new Event(type, like.namespace(), hash, null, slice, 1L, tier, span, null);
  }

  private void store(String node, int block, Slice slice) {
    image.apply(entry(node, stored(CHAIN, block, slice, "memory")));
  }

  private int matched(Set<Slice> needs) {
    Match best = image.match(CHAIN, needs, 16).best();
    return best == null ? 0 : best.matchedBlocks();
  }
}
