package io.membrane.directory.location;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.membrane.block.BlockHash;
import io.membrane.block.Slice;
import io.membrane.fixture.Seeds;
import io.membrane.fixture.TestClock;
import io.membrane.wire.LogEntry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BlockCodecTest {

  private static final List<BlockHash> CHAIN = ImagePropertyTest.CHAIN;

  @Test
  void anImageOfASnapshotAndTheRestOfTheLogAnswersAsOneThatReadAllOfIt() {
    Seeds.forAll(
        200,
        random -> {
          TestClock clock = new TestClock();
          ImagePropertyTest.Numbers numbers = new ImagePropertyTest.Numbers();
          Written written = new Written(clock);
          for (int step = 0; step < 150; step++) {
            written.step(
                random, numbers.entry(random, ImagePropertyTest.event(random, CHAIN, clock)));
          }
          Image restored = written.restore(random);
          Set<Slice> needs = ImagePropertyTest.needs(random);
          ImagePropertyTest.compare(restored, written.oracle, CHAIN, needs, clock.millis());
          restored.sweep(Integer.MAX_VALUE);
          assertThat(restored.nodes()).isEqualTo(written.oracle.nodes(clock.millis()));
          assertThat(restored.copies()).isEqualTo(written.oracle.copies(clock.millis()));
          assertThat(restored.blocks()).isEqualTo(written.oracle.blocks(clock.millis()));
          assertThat(restored.localProgress()).isEqualTo(written.image.localProgress());
        });
  }

  @Test
  void whatFollowsWhatIsAsInAnImageThatReadAllOfTheLog() {
    Seeds.forAll(
        200,
        random -> {
          Written written = new Written(new TestClock());
          for (int step = 0; step < 150; step++) {
            written.step(random, ImagePropertyTest.child(random));
          }
          Image restored = written.restore(random);
          for (String domain : ImagePropertyTest.DOMAINS) {
            for (BlockHash hash : CHAIN) {
              assertThat(restored.children(hash, 100, domain))
                  .containsExactlyInAnyOrderElementsOf(
                      written.oracle.children(hash, domain, written.clock.millis()));
            }
          }
        });
  }

  @Test
  void allThatIsKnownOfABlockIsKeptEvenWhyItIsGone() {
    Seeds.forAll(
        50,
        random -> {
          TestClock clock = new TestClock();
          Image image = new Image(100, clock);
          ImagePropertyTest.Numbers numbers = new ImagePropertyTest.Numbers();
          for (int step = 0; step < 150; step++) {
            image.apply(numbers.entry(random, ImagePropertyTest.event(random, CHAIN, clock)));
            image.used(CHAIN.get(random.nextInt(CHAIN.size())));
            clock.advance(Duration.ofMillis(random.nextInt(500)));
          }
          Image restored = new Image(100, clock);
          restore(pieces(image, 1 + random.nextInt(3000)), Map.of(), restored);
          assertThat(known(restored)).isEqualTo(known(image));
          assertThat(restored.blocks() + restored.goneBlocks())
              .isEqualTo(image.blocks() + image.goneBlocks());
        });
  }

  @Test
  void aSmallerImageKeepsWhatItCanHold() {
    TestClock clock = new TestClock();
    Image image = new Image(1000, clock);
    List<BlockHash> chain = Entries.chain(500);
    for (int i = 0; i < 500; i++) {
      for (String node : List.of("a", "b", "c")) {
        image.apply(Entries.entry(node, Entries.stored(chain, i, Entries.ATTENTION, "gpu")));
      }
    }
    Image restored = new Image(100, clock);
    restore(pieces(image, 1000), Map.of(), restored);
    assertThat(restored.blocks() + restored.goneBlocks()).isBetween(90, 100);
    assertThat(restored.forgotten()).isGreaterThanOrEqualTo(400);
  }

  @Test
  void nothingOfPiecesIsSeenBeforeTheLastOne() {
    TestClock clock = new TestClock();
    Image image = new Image(100, clock);
    image.apply(Entries.entry("a", Entries.stored(CHAIN, 0, Entries.ATTENTION, "gpu")));
    Image other = new Image(100, clock);
    BlockDecoder decoder = other.decoder();
    pieces(image, 1000).forEach(decoder::take);
    assertThat(decoder.blocks()).isEqualTo(1);
    assertThat(other.blocks()).isZero();
    decoder.finish(Map.of());
    assertThat(other.blocks()).isEqualTo(1);
  }

  @Test
  void noBytesDoMoreThanBeRefused() {
    TestClock clock = new TestClock();
    Image image = new Image(100, clock);
    for (int i = 0; i < CHAIN.size(); i++) {
      image.apply(Entries.entry("a", Entries.stored(CHAIN, i, Entries.ATTENTION, "gpu")));
      image.apply(Entries.entry("b", Entries.stored(CHAIN, i, Entries.STATE, "cpu")));
    }
    byte[] piece = pieces(image, 1 << 16).getFirst();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> image.decoder().take(Arrays.copyOf(piece, piece.length - 1)));
    Seeds.forAll(
        5000,
        random -> {
          byte[] strange = piece.clone();
          for (int i = random.nextInt(1, 5); i > 0; i--) {
            strange[random.nextInt(strange.length)] = (byte) random.nextInt();
          }
          BlockDecoder decoder = image.decoder();
          try {
            decoder.take(strange);
            assertThat(decoder.blocks()).isLessThan(piece.length);
          } catch (IllegalArgumentException | IllegalStateException e) {
            assertThat(e).hasMessageNotContaining("damaged");
          }
        });
  }

  /** An image that is written down while its log goes on. */
  private static final class Written {
    final TestClock clock;
    final Image image;
    final NaiveDirectory oracle = new NaiveDirectory();
    final List<LogEntry> after = new ArrayList<>();
    final List<byte[]> pieces = new ArrayList<>();
    Map<Source, NodeProgress> progress = Map.of();
    @Nullable BlockEncoder encoder;

    Written(TestClock clock) {
      this.clock = clock;
      this.image = new Image(100, clock);
    }

    void step(RandomGenerator random, LogEntry entry) {
      if (encoder == null && random.nextInt(60) == 0) {
        begin();
      }
      image.apply(entry);
      oracle.apply(entry);
      if (encoder != null) {
        after.add(entry);
        if (random.nextInt(4) == 0) {
          take(encoder.next(random.nextInt(1, 300)));
        }
      }
      if (random.nextInt(10) == 0) {
        clock.advance(Duration.ofMillis(700));
      }
      if (random.nextInt(10) == 0) {
        image.sweep(random.nextInt(10));
      }
    }

    private BlockEncoder begin() {
      progress = image.localProgress();
      encoder = image.encoder();
      return encoder;
    }

    private void take(byte @Nullable [] piece) {
      if (piece != null) {
        pieces.add(piece);
      }
    }

    Image restore(RandomGenerator random) {
      BlockEncoder rest = encoder == null ? begin() : encoder;
      for (byte[] p = rest.next(200); p != null; p = rest.next(200)) {
        pieces.add(p);
      }
      if (random.nextBoolean()) {
        clock.advance(Duration.ofSeconds(1));
      }
      Image restored = new Image(100, clock);
      BlockCodecTest.restore(pieces, progress, restored);
      after.forEach(restored::apply);
      return restored;
    }
  }

  private static void restore(
      List<byte[]> pieces, Map<Source, NodeProgress> progress, Image image) {
    BlockDecoder decoder = image.decoder();
    pieces.forEach(decoder::take);
    decoder.finish(progress);
  }

  private static List<byte[]> pieces(Image image, int size) {
    List<byte[]> pieces = new ArrayList<>();
    BlockEncoder encoder = image.encoder();
    for (byte[] piece = encoder.next(size); piece != null; piece = encoder.next(size)) {
      pieces.add(piece);
    }
    return pieces;
  }

  private static Map<BlockHash, String> known(Image image) {
    Map<BlockHash, String> known = new TreeMap<>();
    image.forEach(block -> known.put(block.hash(), block.toString()));
    return known;
  }
}
