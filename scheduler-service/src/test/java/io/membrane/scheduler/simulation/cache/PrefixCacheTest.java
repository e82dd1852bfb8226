package io.membrane.scheduler.simulation.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.scheduler.simulation.traffic.Trace;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrefixCacheTest {

  private static Trace trace(int[]... prompts) {
    List<Trace.Request> requests = new ArrayList<>();
    for (int[] ids : prompts) {
      requests.add(new Trace.Request(requests.size(), Math.max(1, ids.length * 512), 1, ids));
    }
    return new Trace(requests);
  }

  @Test
  void aHitIsTheLeadingRunOfBlocksThatAreThere() {
    Trace trace = trace(new int[] {1, 2, 3}, new int[] {1, 2, 9, 3}, new int[] {7, 1, 2, 3});
    PrefixCache cache = new PrefixCache(trace, Long.MAX_VALUE);
    cache.put(0);
    assertThat(cache.leadingBlocks(0)).isEqualTo(3);
    assertThat(cache.leadingBlocks(1)).isEqualTo(2);
    assertThat(cache.leadingBlocks(2)).isZero();
  }

  @Test
  void aParentStaysLongerThanItsChildren() {
    Trace trace = trace(new int[] {1, 2, 3}, new int[] {4});
    PrefixCache cache = new PrefixCache(trace, 3);
    cache.put(0);
    cache.put(1);
    assertThat(cache.leadingBlocks(0)).isEqualTo(2);
    assertThat(cache.leadingBlocks(1)).isEqualTo(1);
    assertThat(cache.size()).isEqualTo(3);
  }

  @Test
  void aPromptLongerThanTheCacheLeavesItsHead() {
    Trace trace = trace(new int[] {1, 2, 3, 4, 5});
    PrefixCache cache = new PrefixCache(trace, 2);
    cache.put(0);
    assertThat(cache.leadingBlocks(0)).isEqualTo(2);
  }

  @Test
  void aCacheOfNoBlocksHoldsNone() {
    Trace trace = trace(new int[] {1, 2});
    PrefixCache cache = new PrefixCache(trace, 0);
    cache.put(0);
    assertThat(cache.leadingBlocks(0)).isZero();
    assertThat(cache.size()).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void itHoldsWhatAnOrderedSetHolds(long seed) {
    Random random = new Random(seed);
    int[][] prompts = new int[400][];
    for (int i = 0; i < prompts.length; i++) {
      prompts[i] = random.ints(random.nextInt(12), 0, 40).distinct().toArray();
    }
    Trace trace = trace(prompts);
    int capacity = 1 + random.nextInt(30);
    PrefixCache cache = new PrefixCache(trace, capacity);
    Set<Integer> oldestFirst = new LinkedHashSet<>();
    for (int i = 0; i < prompts.length; i++) {
      int leading = 0;
      while (leading < prompts[i].length && oldestFirst.contains(prompts[i][leading])) {
        leading++;
      }
      assertThat(cache.leadingBlocks(i)).as("seed %d, prompt %d", seed, i).isEqualTo(leading);
      for (int b = prompts[i].length - 1; b >= 0; b--) {
        oldestFirst.remove(prompts[i][b]);
        oldestFirst.add(prompts[i][b]);
        if (oldestFirst.size() > capacity) {
          oldestFirst.remove(oldestFirst.iterator().next());
        }
      }
      cache.put(i);
      assertThat(cache.size()).isEqualTo(oldestFirst.size());
    }
  }
}
