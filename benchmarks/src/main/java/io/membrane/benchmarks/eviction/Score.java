package io.membrane.benchmarks.eviction;

/**
 * What a cache has saved, as shares of what was asked for. A block counts if all before it in its
 * prompt were held too.
 *
 * @param prefix share of the blocks
 * @param bytes share of the bytes
 * @param cost share of the cost of computing all
 * @param blocks share of the blocks that were held, with or without those before them
 */
record Score(double prefix, double bytes, double cost, double blocks) {

  /** The order in which a prompt's blocks are touched and inserted. */
  enum Order {
    HEAD_FIRST,
    TAIL_FIRST,
    /** What was held is touched from its tail, then what was computed is put from its head. */
    AS_SERVED
  }

  /** Replays a load; prompts from {@code from} on count. */
  static Score of(Load load, BlockCache cache, Order order, int from) {
    double[] saved = new double[4];
    double[] asked = new double[4];
    for (int p = 0; p < load.prompts(); p++) {
      int[] prompt = load.prompt(p);
      if (p >= from) {
        count(load, cache, prompt, saved, asked);
      }
      switch (order) {
        case HEAD_FIRST -> {
          for (int block : prompt) {
            use(cache, block);
          }
        }
        case TAIL_FIRST -> {
          for (int i = prompt.length - 1; i >= 0; i--) {
            use(cache, prompt[i]);
          }
        }
        case AS_SERVED -> serve(cache, prompt);
      }
    }
    return new Score(
        saved[0] / asked[0], saved[1] / asked[1], saved[2] / asked[2], saved[3] / asked[3]);
  }

  private static void count(
      Load load, BlockCache cache, int[] prompt, double[] saved, double[] asked) {
    boolean leading = true;
    for (int block : prompt) {
      double[] worth = {1, load.bytes(block), load.cost(block), 1};
      boolean held = cache.holds(block);
      leading &= held;
      for (int i = 0; i < worth.length; i++) {
        asked[i] += worth[i];
        saved[i] += (i == 3 ? held : leading) ? worth[i] : 0;
      }
    }
  }

  private static void use(BlockCache cache, int block) {
    if (cache.holds(block)) {
      cache.hit(block);
    } else {
      cache.insert(block);
    }
  }

  private static void serve(BlockCache cache, int[] prompt) {
    boolean[] held = new boolean[prompt.length];
    for (int i = 0; i < prompt.length; i++) {
      held[i] = cache.holds(prompt[i]);
    }
    for (int i = prompt.length - 1; i >= 0; i--) {
      if (held[i]) {
        cache.hit(prompt[i]);
      }
    }
    for (int i = 0; i < prompt.length; i++) {
      if (!held[i]) {
        cache.insert(prompt[i]);
      }
    }
  }
}
