package io.membrane.benchmarks.eviction;

import java.util.ArrayList;
import java.util.List;

/**
 * GreedyDual: score = L + value, the lowest goes and L becomes its score. The value is the
 * frequency (LFU with dynamic aging), or frequency · cost / size (GDSF).
 */
final class GreedyDualCache implements BlockCache {

  /** What the value is made of. */
  enum Value {
    /** Uses since it is held: LFU-DA. */
    FREQUENCY,
    /** Times cost per byte: GDSF. */
    DENSITY,
    /** Frequency outlives eviction; per byte, whatever the cost. */
    REMEMBERED_PER_BYTE,
    /** GDSF whose frequency outlives eviction. */
    REMEMBERED_DENSITY,
    /** The same, and a newcomer has to be worth more than what it drives out. */
    ADMITTED_DENSITY
  }

  private final Load load;
  private final long capacity;
  private final Value kind;
  private final BlockHeap heap;
  private final Frequencies remembered;
  private final int[] uses;
  private double age;
  private long used;

  GreedyDualCache(Load load, long capacity, Value kind) {
    this.load = load;
    this.capacity = capacity;
    this.kind = kind;
    this.heap = new BlockHeap(load);
    this.remembered = new Frequencies(load, (long) (20 * capacity / load.meanBytes()));
    this.uses = new int[load.end()];
  }

  @Override
  public boolean holds(int block) {
    return heap.has(block);
  }

  @Override
  public void hit(int block) {
    uses[block]++;
    remembered.see(block);
    heap.place(block, age + value(block));
  }

  @Override
  public void insert(int block) {
    uses[block] = 1;
    remembered.see(block);
    List<Integer> victims = new ArrayList<>();
    double lost = 0;
    for (long free = capacity - used; free < load.bytes(block); ) {
      int victim = heap.poll();
      victims.add(victim);
      free += load.bytes(victim);
      lost += value(victim) * load.bytes(victim);
    }
    if (kind == Value.ADMITTED_DENSITY && lost > 0 && value(block) * load.bytes(block) <= lost) {
      age = Math.max(age, heap.score(victims.getFirst()));
      victims.reversed().forEach(victim -> heap.place(victim, heap.score(victim)));
      return;
    }
    for (int victim : victims) {
      age = Math.max(age, heap.score(victim));
      used -= load.bytes(victim);
    }
    used += load.bytes(block);
    heap.place(block, age + value(block));
  }

  private double value(int block) {
    double density = load.cost(block) / load.bytes(block);
    int frequency = Math.max(1, remembered.of(block));
    return switch (kind) {
      case FREQUENCY -> uses[block];
      case DENSITY -> uses[block] * density;
      case REMEMBERED_PER_BYTE -> (double) frequency / load.bytes(block);
      case REMEMBERED_DENSITY, ADMITTED_DENSITY -> frequency * density;
    };
  }
}
