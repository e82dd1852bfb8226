package io.membrane.fragment.offheap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.membrane.fixture.Seeds;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class BuddyAllocatorTest {

  private static final int LARGEST = 1 << BuddyAllocator.MAX_ORDER;

  @Test
  void takesWhatIsFreeAndJoinsWhatIsGivenBack() {
    Seeds.forAll(
        60,
        random -> {
          int units = 1 + random.nextInt(1 << (1 + random.nextInt(13)));
          BuddyAllocator allocator = new BuddyAllocator(units);
          BitSet used = new BitSet(units);
          List<Runs> taken = new ArrayList<>();
          for (int step = 0; step < 200; step++) {
            if (random.nextBoolean() || taken.isEmpty()) {
              Runs runs = new Runs(1 << 18);
              allocator.allocate(upTo(random, allocator.freeUnits()), runs);
              take(used, runs, units);
              taken.add(runs);
            } else {
              Runs runs = taken.remove(random.nextInt(taken.size()));
              Runs cut = runs.cutTo(upTo(random, runs.units()));
              if (runs.size() > 0) {
                taken.add(runs);
              }
              giveBack(allocator, used, cut);
            }
            assertThat(allocator.freeUnits()).isEqualTo(units - used.cardinality());
            hasTheBlocksThat(used, units, allocator);
          }
          taken.forEach(runs -> giveBack(allocator, used, runs));
          hasTheBlocksThat(new BitSet(), units, allocator);
        });
  }

  @Test
  void whatIsFreedIsWholeAgain() {
    int blocks = 5;
    BuddyAllocator allocator = new BuddyAllocator(blocks * LARGEST);
    List<Runs> taken = new ArrayList<>();
    while (allocator.freeUnits() > 0) {
      taken.add(allocate(allocator, Math.min(7, allocator.freeUnits())));
    }
    for (Runs runs : taken) {
      giveBack(allocator, runs);
    }
    for (int block = 0; block < blocks; block++) {
      Runs runs = allocate(allocator, LARGEST);
      assertThat(runs.size()).isOne();
      assertThat(runs.start(0) % LARGEST).isZero();
    }
    assertThat(allocator.freeUnits()).isZero();
  }

  @Test
  void everyUnitIsHadInAMemoryOfHoles() {
    BuddyAllocator allocator = new BuddyAllocator(LARGEST);
    List<Runs> taken = new ArrayList<>();
    for (int i = 0; i < LARGEST; i++) {
      taken.add(allocate(allocator, 1));
    }
    for (int i = 0; i < LARGEST; i += 2) {
      giveBack(allocator, taken.get(i));
    }
    Runs all = allocate(allocator, LARGEST / 2);
    assertThat(all.units()).isEqualTo(LARGEST / 2);
    assertThat(allocator.freeUnits()).isZero();
    assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> allocate(allocator, 1));
  }

  @Test
  void aPayloadOfAnyLengthIsOneRunWhileThereAreLargeBlocks() {
    for (int units : new int[] {1, 3, 255, 256, 257, LARGEST - 1, LARGEST}) {
      BuddyAllocator allocator = new BuddyAllocator(4 * LARGEST);
      assertThat(allocate(allocator, units).size()).as("%d units", units).isOne();
    }
  }

  /** Orders 0 to MAX_ORDER have a free block if and only if a naive search finds one. */
  private static void hasTheBlocksThat(BitSet used, int units, BuddyAllocator allocator) {
    boolean[] expected = new boolean[BuddyAllocator.MAX_ORDER + 1];
    for (int at = 0; at < units; ) {
      int order = BuddyAllocator.MAX_ORDER;
      while (order >= 0 && !isFree(used, units, at, 1 << order)) {
        order--;
      }
      if (order >= 0) {
        expected[order] = true;
      }
      at += order < 0 ? 1 : 1 << order;
    }
    for (int order = 0; order <= BuddyAllocator.MAX_ORDER; order++) {
      assertThat(allocator.hasFree(order)).as("order %d", order).isEqualTo(expected[order]);
    }
  }

  private static boolean isFree(BitSet used, int units, int start, int length) {
    int next = used.nextSetBit(start);
    return start % length == 0 && start + length <= units && (next < 0 || next >= start + length);
  }

  private static int upTo(RandomGenerator random, int bound) {
    int small = Math.min(bound, 1 << random.nextInt(12));
    return random.nextInt(small + 1);
  }

  private static Runs allocate(BuddyAllocator allocator, int units) {
    Runs runs = new Runs(1 << 18);
    allocator.allocate(units, runs);
    return runs;
  }

  private static void take(BitSet used, Runs runs, int units) {
    for (int run = 0; run < runs.size(); run++) {
      int start = runs.start(run);
      int end = start + runs.length(run);
      assertThat(end).isLessThanOrEqualTo(units);
      assertThat(used.get(start, end).isEmpty()).as("%d to %d is free", start, end).isTrue();
      used.set(start, end);
    }
  }

  private static void giveBack(BuddyAllocator allocator, Runs runs) {
    giveBack(allocator, new BitSet(), runs);
  }

  private static void giveBack(BuddyAllocator allocator, BitSet used, Runs runs) {
    for (int run = 0; run < runs.size(); run++) {
      used.clear(runs.start(run), runs.start(run) + runs.length(run));
      allocator.free(runs.start(run), runs.length(run));
    }
  }
}
