package io.membrane.directory.location;

import static io.membrane.directory.location.Entries.ATTENTION;
import static io.membrane.directory.location.Entries.DOMAIN;
import static io.membrane.directory.location.Entries.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.block.BlockHash;
import io.membrane.block.TokenSpan;
import io.membrane.fixture.Seeds;
import io.membrane.fixture.TestClock;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.MatchResponse.Match;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What an image forgets so that it stays within its limits, and what it refuses. */
class ImageLimitsTest {

  private static final List<BlockHash> CHAIN = Entries.chain(8);
  private static final TokenSpan FIRST = new TokenSpan(0, 16);
  private static final TokenSpan SECOND = new TokenSpan(16, 32);

  private final TestClock clock = new TestClock();
  private final Image image = new Image(100, clock);

  @Test
  void pastTheLimitTheLeastRecentlyStoredBlocksGoFirst() {
    Image small = new Image(3, clock);
    for (int block : new int[] {0, 1, 2, 0, 3}) {
      small.apply(entry("a", Entries.stored(CHAIN, block, ATTENTION, "memory")));
    }
    assertThat(small.blocks()).isEqualTo(3);
    assertThat(small.places(CHAIN.get(1), DOMAIN)).isEmpty();
    assertThat(small.places(CHAIN.get(0), DOMAIN)).isNotEmpty();
  }

  @Test
  void copiesAreBoundedTooNotOnlyBlocks() {
    Image small = new Image(2, clock);
    small.apply(entry("first", Entries.stored(CHAIN, 0, ATTENTION, "memory")));
    for (int node = 0; node < 3 * Image.LOCATIONS_PER_BLOCK; node++) {
      small.apply(entry("n" + node, Entries.stored(CHAIN, 1, ATTENTION, "memory")));
      assertThat(small.copies()).isLessThanOrEqualTo(2L * Image.LOCATIONS_PER_BLOCK);
    }
    assertThat(small.places(CHAIN.get(0), DOMAIN)).isEmpty();
  }

  @Test
  void aBlockWithVeryManyCopiesForgetsItsOldest() {
    Image wide = new Image(10_000, clock);
    for (int node = 0; node <= LocationLists.MAX_LENGTH; node++) {
      wide.apply(entry("n" + node, Entries.stored(CHAIN, 0, ATTENTION, "memory")));
    }
    assertThat(wide.copies()).isEqualTo(LocationLists.MAX_LENGTH);
    assertThat(wide.places(CHAIN.getFirst(), DOMAIN)).noneMatch(p -> p.node().equals("n0"));
  }

  @Test
  void namedParentsGoFirstAndAUsedPrefixStays() {
    Image small = new Image(20, clock);
    for (int block = 0; block < 4; block++) {
      small.apply(entry("a", Entries.stored(CHAIN, block, ATTENTION, "memory")));
    }
    List<BlockHash> invented = Entries.chain(2000);
    for (int i = 100; i < 2000; i += 2) {
      Event named = stored(invented.get(i), invented.get(i + 1), SECOND, 1);
      small.apply(entry("a", named));
      small.used(CHAIN.get(3));
      assertThat(small.blocks() + small.goneBlocks()).isLessThanOrEqualTo(20);
    }
    assertThat(small.match(CHAIN, Set.of(), 16, DOMAIN).matches())
        .containsExactly(new Match("c1", "a", "memory", 4, 64));
    assertThat(small.forgotten()).isPositive();
  }

  @Test
  void anUnusedChainGoesFromItsEnd() {
    List<BlockHash> old = Entries.chain(100);
    Image small = new Image(108, clock);
    for (int block = 0; block < 100; block++) {
      small.apply(entry("a", Entries.stored(old, block, ATTENTION, "memory")));
    }
    clock.advance(Duration.ofHours(1));
    Random random = new Random(11);
    List<BlockHash> fresh = Stream.generate(() -> Seeds.hash(random)).limit(60).toList();
    for (int block = 0; block < 60; block++) {
      small.apply(entry("a", Entries.stored(fresh, block, ATTENTION, "memory")));
    }
    assertThat(small.match(old, Set.of(), 16, DOMAIN).matches().getFirst().matchedBlocks())
        .isEqualTo(48);
    assertThat(small.match(fresh, Set.of(), 16, DOMAIN).matches().getFirst().matchedBlocks())
        .isEqualTo(60);
  }

  @Test
  void whatAClearedNodeHeldGoesBeforeWhatAnotherHolds() {
    Image small = new Image(1000, clock);
    Random random = new Random(13);
    long sequence = 0;
    for (List<BlockHash> chain : chains(8, random)) {
      for (int block = 0; block < chain.size(); block++) {
        small.apply(entry("old", 1, sequence++, Entries.stored(chain, block, ATTENTION, "memory")));
      }
    }
    small.apply(entry("old", 2, 0, Entries.cleared()));
    List<List<BlockHash>> fresh = chains(9, random);
    for (List<BlockHash> chain : fresh) {
      for (int block = 0; block < chain.size(); block++) {
        small.apply(entry("new", Entries.stored(chain, block, ATTENTION, "memory")));
      }
    }
    assertThat(fresh)
        .allSatisfy(chain -> assertThat(small.leading(chain, DOMAIN)).isEqualTo(chain.size()));
  }

  private static List<List<BlockHash>> chains(int count, Random random) {
    return Stream.generate(() -> Stream.generate(() -> Seeds.hash(random)).limit(100).toList())
        .limit(count)
        .toList();
  }

  @Test
  void aNodeThatRestartsForEverNeedsNoMoreRoom() {
    for (int epoch = 1; epoch < Location.PLACES + 1000; epoch++) {
      image.apply(entry("a", epoch, 0, Entries.stored(CHAIN, epoch % 8, ATTENTION, "gpu")));
    }
    assertThat(image.copies()).isEqualTo(1);
    assertThat(image.nodes()).isEqualTo(1);
    image.sweep(Integer.MAX_VALUE);
    assertThat(image.blocks()).isEqualTo(1);
  }

  @Test
  void nodesThatAreForeverNewAreRefusedOnlyWhileAllHoldSomething() {
    Image wide = new Image(40_000, clock);
    for (int node = 1; node < Location.PLACES; node++) {
      wide.apply(entry("n" + node, Entries.stored(CHAIN, node % 8, ATTENTION, "gpu")));
    }
    assertThat(wide.copies()).isLessThan(Location.PLACES);
    wide.apply(entry("one more", Entries.stored(CHAIN, 0, ATTENTION, "gpu")));
    assertThat(wide.places(CHAIN.getFirst(), DOMAIN)).anyMatch(p -> p.node().equals("one more"));
  }

  @Test
  void asManySlicesAndLengthsAsThereCanBeAreKnownAndLengthsRoundedBefore() {
    for (int bytes = 1; bytes <= Location.FORMS; bytes++) {
      image.apply(entry("a", stored(CHAIN.getFirst(), null, FIRST, bytes)));
      long told =
          Objects.requireNonNull(image.block(CHAIN.getFirst(), DOMAIN)).copies().getFirst().bytes();
      assertThat(told).isEqualTo(bytes <= 12_288 ? bytes : 16_384);
    }
    assertThat(image.copies()).isEqualTo(1);
  }

  @Test
  void aContextLongerThanCanBeIsRefused() {
    TokenSpan last = new TokenSpan(16 * Records.MAX_BLOCK_INDEX, 16 * Records.MAX_BLOCK_INDEX + 16);
    TokenSpan tooFar = new TokenSpan(last.to(), last.to() + 16);
    BlockHash hash = CHAIN.getFirst();
    image.apply(entry("a", stored(hash, null, last, 1)));
    assertThat(Objects.requireNonNull(image.block(hash, DOMAIN)).tokenSpan()).isEqualTo(last);
    Event bad = stored(hash, null, tooFar, 1);
    assertThatThrownBy(() -> image.apply(entry("a", bad)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static Event stored(
      BlockHash hash, @Nullable BlockHash parent, TokenSpan span, long bytes) {
    return new Event(
        EventType.STORED, Entries.NAMESPACE, hash, parent, ATTENTION, bytes, "memory", span, null);
  }
}
