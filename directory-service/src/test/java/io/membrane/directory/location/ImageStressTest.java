package io.membrane.directory.location;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.directory.location.KnownBlock.Copy;
import io.membrane.fixture.Seeds;
import io.membrane.fixture.TestClock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** One writer and two readers; what is stored of a block says which block it is. */
class ImageStressTest {

  private static final int BLOCKS = 200;
  private static final int ROOM = 90;
  private static final int WRITES = 400_000;

  /** Children of block n are 2n + 1 and 2n + 2, so that lists and records are used again a lot. */
  private final List<BlockHash> hashes = hashes();

  private final Map<BlockHash, Integer> numbers = new HashMap<>();
  private final Image image = new Image(ROOM, new TestClock());
  private final AtomicBoolean isOver = new AtomicBoolean();
  private final AtomicLong seen = new AtomicLong();

  @Test
  void noReaderEverSeesAMixOfTwoBlocks() {
    for (int i = 0; i < BLOCKS; i++) {
      numbers.put(hashes.get(i), i);
    }
    List<CompletableFuture<Void>> readers = new ArrayList<>();
    for (int reader = 0; reader < 2; reader++) {
      Random random = new Random(reader);
      readers.add(CompletableFuture.runAsync(() -> read(random)));
    }
    try {
      write(new Random(7));
    } finally {
      isOver.set(true);
    }
    readers.forEach(CompletableFuture::join);
    assertThat(seen.get()).isPositive();
    assertThat(image.forgotten()).isPositive();
  }

  private void write(Random random) {
    for (int step = 0; step < WRITES; ) {
      ChangeBatch batch = new ChangeBatch(new Source("c", "n" + random.nextInt(3), "d"), null);
      int namespace = batch.namespace(Entries.NAMESPACE);
      for (int i = 0; i < 20; i++, step++) {
        int block = random.nextInt(BLOCKS);
        int kind = random.nextInt(100);
        if (kind < 70) {
          batch.stored(
              hashes.get(block),
              block == 0 ? null : hashes.get((block - 1) / 2),
              namespace,
              depth(block),
              batch.form(Entries.ATTENTION, 1000L * block + random.nextInt(4)),
              batch.tier("t" + random.nextInt(4) + "-" + block),
              Long.MAX_VALUE);
        } else if (kind < 99) {
          batch.removed(hashes.get(block), ChangeBatch.ANY, ChangeBatch.ANY);
        } else {
          batch.cleared();
        }
      }
      assertThat(image.apply(batch).skipped()).isZero();
    }
  }

  private void read(Random random) {
    while (!isOver.get()) {
      int block = random.nextInt(BLOCKS);
      KnownBlock known = image.block(hashes.get(block), "d");
      if (known != null) {
        check(known);
      }
      for (BlockHash child : image.children(hashes.get(block), 10, "d")) {
        assertThat((number(child) - 1) / 2).isEqualTo(block);
      }
      image.match(List.of(hashes.get(block)), Set.of(), 0, "d");
      if (block == 0) {
        image.forEach(this::check);
      }
    }
  }

  private void check(KnownBlock known) {
    seen.incrementAndGet();
    int block = number(known.hash());
    for (Copy copy : known.copies()) {
      assertThat(copy.bytes() / 1000).isEqualTo(block);
      assertThat(copy.place().tier()).endsWith("-" + block);
    }
    if (known.gone() != null && known.gone().place() != null) {
      assertThat(known.gone().place().tier()).endsWith("-" + block);
    }
    if (known.parent() != null) {
      assertThat(number(known.parent())).isEqualTo((block - 1) / 2);
    }
    assertThat(known.tokenSpan().from()).isEqualTo(16 * depth(block));
  }

  private int number(BlockHash hash) {
    Integer number = numbers.get(hash);
    assertThat(number).as("%s", hash).isNotNull();
    return number;
  }

  private static int depth(int block) {
    return 31 - Integer.numberOfLeadingZeros(block + 1);
  }

  private static List<BlockHash> hashes() {
    Random random = new Random(3);
    List<BlockHash> hashes = new ArrayList<>();
    for (int i = 0; i < BLOCKS; i++) {
      hashes.add(Seeds.hash(random));
    }
    return hashes;
  }
}
