package io.membrane.directory.location;

import static io.membrane.directory.location.Entries.ATTENTION;
import static io.membrane.directory.location.Entries.DOMAIN;
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
import io.membrane.directory.location.Gone.Why;
import io.membrane.directory.location.Image.Outcome;
import io.membrane.fixture.TestClock;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.LogEntry;
import io.membrane.wire.MatchResponse;
import io.membrane.wire.MatchResponse.ClusterMatch;
import io.membrane.wire.MatchResponse.Match;
import io.membrane.wire.MatchResponse.NodeMatch;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
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

    MatchResponse answer = image.match(CHAIN, Set.of(), 16, DOMAIN);

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
    assertThat(image.match(CHAIN, Set.of(), 16, DOMAIN).best()).isNull();
  }

  @Test
  void theBlockSizeComesFromWhatIsStoredWhenNobodyNamesIt() {
    assertThat(image.match(CHAIN, Set.of(), 0, DOMAIN).blockTokens()).isZero();
    store("a", 0, ATTENTION);
    assertThat(image.match(CHAIN, Set.of(), 0, DOMAIN).blockTokens()).isEqualTo(16);
    assertThat(image.match(CHAIN, Set.of(), 0, DOMAIN).matches().getFirst().matchedTokens())
        .isEqualTo(16);
  }

  @Test
  void anExpiredCopyNeitherMatchesNorIsLocatedAndGivesItsRoomBack() {
    long end = clock.millis() + 1000;
    image.apply(entry("a", stored(CHAIN, 0, ATTENTION, "memory", end)));
    clock.advance(Duration.ofMillis(999));
    assertThat(matched(Set.of())).isEqualTo(1);
    clock.advance(Duration.ofMillis(1));
    assertThat(matched(Set.of())).isZero();
    assertThat(image.places(CHAIN.getFirst(), DOMAIN)).isEmpty();
    assertThat(image.blocks()).isEqualTo(1);
    image.sweep(Integer.MAX_VALUE);
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
  void aClearedNodeLosesAllAndOthersNothing() {
    store("a", 0, ATTENTION);
    store("b", 0, ATTENTION);
    image.apply(new LogEntry("a", "another cluster", DOMAIN, null, null, cleared()));
    assertThat(image.copies()).isEqualTo(2);
    image.apply(entry("a", cleared()));
    assertThat(image.places(CHAIN.getFirst(), DOMAIN))
        .singleElement()
        .matches(p -> p.node().equals("b"));
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
    assertThat(image.progress("c1", "a", DOMAIN)).isNull();
    assertThat(image.apply(entry("a", 5, 0, stored(CHAIN, 0, ATTENTION, "gpu"))))
        .isEqualTo(Outcome.APPLIED);
    assertThat(image.apply(entry("a", 5, 1, removed(CHAIN.getFirst(), null, null))))
        .isEqualTo(Outcome.APPLIED);
    assertThat(image.apply(entry("a", 5, 0, stored(CHAIN, 0, ATTENTION, "gpu"))))
        .isEqualTo(Outcome.SEEN);
    assertThat(image.blocks()).isZero();
    assertThat(image.apply(entry("a", 5, 2, stored(CHAIN, 1, ATTENTION, "gpu"))))
        .isEqualTo(Outcome.APPLIED);
    assertThat(image.progress("c1", "a", DOMAIN)).isEqualTo(new NodeProgress(5, 3));

    assertThat(image.apply(entry("a", 6, 0, stored(CHAIN, 0, ATTENTION, "gpu"))))
        .isEqualTo(Outcome.APPLIED);
    assertThat(image.places(CHAIN.get(1), DOMAIN)).isEmpty();
    assertThat(image.places(CHAIN.get(0), DOMAIN)).hasSize(1);
    assertThat(image.apply(entry("a", 5, 3, stored(CHAIN, 1, ATTENTION, "gpu"))))
        .isEqualTo(Outcome.OUTDATED);
    assertThat(image.progress("c1", "a", DOMAIN)).isEqualTo(new NodeProgress(6, 1));
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
    assertThatThrownBy(() -> image.apply(new LogEntry("a", "c1", DOMAIN, 1L, null, good)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(image.blocks()).isZero();
    assertThat(image.progress("c1", "a", DOMAIN)).isNull();
  }

  @Test
  void nothingOfAnotherSharingDomainIsToldOrTakenAway() {
    store("a", 0, ATTENTION);
    LogEntry foreign =
        new LogEntry("a", "c1", "tenant:b", null, null, stored(CHAIN, 0, ATTENTION, "memory"));
    image.apply(foreign);

    assertThat(image.match(CHAIN, Set.of(), 16, "tenant:b").matches()).hasSize(1);
    assertThat(image.places(CHAIN.getFirst(), "tenant:c")).isEmpty();
    assertThat(image.match(CHAIN, Set.of(), 16, "tenant:c").matches()).isEmpty();

    image.apply(
        new LogEntry("a", "c1", "tenant:b", null, null, removed(CHAIN.getFirst(), null, null)));
    assertThat(image.places(CHAIN.getFirst(), "tenant:b")).isEmpty();
    assertThat(image.places(CHAIN.getFirst(), DOMAIN)).hasSize(1);

    image.apply(foreign);
    image.apply(new LogEntry("a", "c1", "tenant:b", null, null, cleared()));
    assertThat(matched(Set.of())).isEqualTo(1);
  }

  @Test
  void aNodesTiersAndAClustersNodesCountTogether() {
    image.apply(entry("a", stored(CHAIN, 0, ATTENTION, "gpu")));
    image.apply(entry("a", stored(CHAIN, 1, ATTENTION, "disk")));
    image.apply(entry("b", stored(CHAIN, 2, ATTENTION, "gpu")));

    MatchResponse answer = image.match(CHAIN, Set.of(), 16, DOMAIN);

    assertThat(answer.matches()).containsExactly(new Match("c1", "a", "gpu", 1, 16));
    assertThat(answer.nodes()).containsExactly(new NodeMatch("c1", "a", 2, 32));
    assertThat(answer.clusters()).containsExactly(new ClusterMatch("c1", 3, 48));
  }

  @Test
  void whyABlockIsGoneIsKeptForItsOwnDomain() {
    BlockHash hash = CHAIN.getFirst();
    assertThat(image.block(hash, DOMAIN)).isNull();

    image.apply(entry("a", stored(CHAIN, 0, ATTENTION, "gpu", clock.millis() + 1000)));
    assertThat(known(hash).gone()).isNull();
    clock.advance(Duration.ofSeconds(5));
    assertThat(known(hash).gone())
        .satisfies(gone -> {
          assertThat(gone.why()).isEqualTo(Why.EXPIRED);
          assertThat(gone.atMs()).isEqualTo(clock.millis() - 4000);
        });
    image.sweep(Integer.MAX_VALUE);
    assertThat(known(hash).gone())
        .satisfies(gone -> {
          assertThat(gone.why()).isEqualTo(Why.EXPIRED);
          assertThat(gone.atMs()).isEqualTo(clock.millis() - 4000);
        });

    store("a", 0, ATTENTION);
    image.apply(entry("a", cleared()));
    assertThat(known(hash).gone())
        .satisfies(gone -> {
          assertThat(gone.why()).isEqualTo(Why.CLEARED);
          assertThat(gone.place())
              .hasToString("Source[region=null, cluster=c1, node=a, domain=public]/memory");
        });

    store("b", 0, ATTENTION);
    image.apply(entry("b", removed(hash, null, null)));
    assertThat(known(hash).gone()).satisfies(gone -> assertThat(gone.why()).isEqualTo(Why.REMOVED));
    store("b", 0, ATTENTION);
    image.apply(entry("b", 1, 0, stored(CHAIN, 0, ATTENTION, "memory")));
    image.apply(entry("b", 1, NodeProgress.LAST_SEQUENCE, cleared()));
    assertThat(known(hash).gone()).satisfies(gone -> assertThat(gone.why()).isEqualTo(Why.LOST));
    assertThat(image.block(hash, "tenant:b")).isNull();
    assertThat(image.goneBlocks()).isZero();
    image.sweep(Integer.MAX_VALUE);
    assertThat(image.goneBlocks()).isEqualTo(1);
    assertThat(image.blocks()).isZero();
  }

  @Test
  void aLostNodesEpochIsOverAndALaterOneBegins() {
    image.apply(entry("a", 1, 0, stored(CHAIN, 0, ATTENTION, "memory")));
    assertThat(image.apply(entry("a", 1, NodeProgress.LAST_SEQUENCE, cleared())))
        .isEqualTo(Image.Outcome.APPLIED);
    assertThat(image.progress("c1", "a", DOMAIN)).matches(NodeProgress::isOver);
    assertThat(image.gaps()).isZero();
    assertThat(image.apply(entry("a", 1, 1, stored(CHAIN, 0, ATTENTION, "memory"))))
        .isEqualTo(Image.Outcome.OUTDATED);
    assertThat(image.blocks()).isEqualTo(1);
    assertThat(image.copies()).isZero();

    image.apply(entry("a", 2, 0, stored(CHAIN, 0, ATTENTION, "memory")));
    assertThat(image.apply(entry("a", 1, NodeProgress.LAST_SEQUENCE, cleared())))
        .isEqualTo(Image.Outcome.OUTDATED);
    assertThat(image.copies()).isEqualTo(1);
  }

  @Test
  void whatIsKnownOfABlockIsToldWhole() {
    image.apply(entry("a", stored(CHAIN, 3, ATTENTION, "gpu", clock.millis() + 1999)));
    image.used(CHAIN.get(3));
    KnownBlock block = known(CHAIN.get(3));
    assertThat(block.hash()).isEqualTo(CHAIN.get(3));
    assertThat(block.parent()).isEqualTo(CHAIN.get(2));
    assertThat(block.namespace()).isEqualTo(Entries.NAMESPACE);
    assertThat(block.tokenSpan()).isEqualTo(new TokenSpan(48, 64));
    assertThat(block.uses()).isEqualTo(2);
    assertThat(block.copies())
        .singleElement()
        .satisfies(copy -> {
          assertThat(copy.bytes()).isEqualTo(4096);
          assertThat(copy.slice()).isEqualTo(ATTENTION);
          assertThat(copy.expiresAtMs()).isEqualTo(clock.millis() + 1000);
        });
    assertThat(image.block(CHAIN.get(2), DOMAIN)).as("only named").isNull();
  }

  @Test
  void eventsThatAreMissingAreCounted() {
    image.apply(entry("a", 5, 0, stored(CHAIN, 0, ATTENTION, "gpu")));
    image.apply(entry("a", 5, 1, stored(CHAIN, 1, ATTENTION, "gpu")));
    assertThat(image.gaps()).isZero();
    image.apply(entry("a", 5, 3, stored(CHAIN, 2, ATTENTION, "gpu")));
    image.apply(entry("a", 6, 1, stored(CHAIN, 2, ATTENTION, "gpu")));
    assertThat(image.gaps()).isEqualTo(2);
  }

  private KnownBlock known(BlockHash hash) {
    return Objects.requireNonNull(image.block(hash, DOMAIN));
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
    Match best = image.match(CHAIN, needs, 16, DOMAIN).best();
    return best == null ? 0 : best.matchedBlocks();
  }
}
