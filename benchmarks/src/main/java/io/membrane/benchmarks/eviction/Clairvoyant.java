package io.membrane.benchmarks.eviction;

import java.util.Arrays;

/**
 * Belady's MIN (L. Belady, "A study of replacement algorithms for a virtual-storage computer",
 * 1966) by prompts: after each, what is asked for again soonest is kept, of what it held and what
 * the prompt brought. For blocks of one size no policy has more hits; and as a block is asked for
 * no later than those behind it, what it keeps of a prompt is a prefix.
 */
public final class Clairvoyant {

  private Clairvoyant() {}

  /** The share of a load's blocks that are hits. */
  public static double hitRatio(Load load, long capacity) {
    int[][] nextUse = nextUses(load);
    BlockHeap held = new BlockHeap(load);
    long hits = 0;
    long asked = 0;
    long used = 0;
    for (int p = 0; p < load.prompts(); p++) {
      int[] prompt = load.prompt(p);
      for (int i = prompt.length - 1; i >= 0; i--) {
        asked++;
        if (held.has(prompt[i])) {
          hits++;
        } else {
          used += load.bytes(prompt[i]);
        }
        held.place(prompt[i], -nextUse[p][i]);
      }
      while (used > capacity) {
        used -= load.bytes(held.poll());
      }
    }
    return (double) hits / asked;
  }

  private static int[][] nextUses(Load load) {
    int[] next = new int[load.end()];
    Arrays.fill(next, Integer.MAX_VALUE);
    int[][] uses = new int[load.prompts()][];
    for (int p = load.prompts() - 1; p >= 0; p--) {
      int[] prompt = load.prompt(p);
      uses[p] = new int[prompt.length];
      for (int i = 0; i < prompt.length; i++) {
        uses[p][i] = next[prompt[i]];
        next[prompt[i]] = p;
      }
    }
    return uses;
  }
}
