package io.membrane.benchmarks.eviction;

import java.util.Arrays;

/** Blocks by score, the lowest first, of equal scores the one that was placed first. */
final class BlockHeap {

  private static final int ABSENT = -1;

  private final int[] heap;
  private final int[] position;
  private final double[] score;
  private final long[] placed;
  private int size;
  private long clock;

  BlockHeap(Load load) {
    this.heap = new int[load.end()];
    this.position = new int[load.end()];
    this.score = new double[load.end()];
    this.placed = new long[load.end()];
    Arrays.fill(position, ABSENT);
  }

  boolean has(int block) {
    return position[block] != ABSENT;
  }

  double score(int block) {
    return score[block];
  }

  /** The lowest; there must be one. */
  int peek() {
    return heap[0];
  }

  int poll() {
    int first = heap[0];
    remove(first);
    return first;
  }

  /** Adds a block or gives it a new score. */
  void place(int block, double newScore) {
    score[block] = newScore;
    placed[block] = ++clock;
    if (position[block] == ABSENT) {
      position[block] = size;
      heap[size++] = block;
    }
    sift(position[block]);
  }

  void remove(int block) {
    int hole = position[block];
    position[block] = ABSENT;
    int last = heap[--size];
    if (last != block) {
      set(hole, last);
      sift(hole);
    }
  }

  private void sift(int from) {
    int i = from;
    int block = heap[i];
    while (i > 0 && before(block, heap[(i - 1) / 2])) {
      set(i, heap[(i - 1) / 2]);
      i = (i - 1) / 2;
    }
    while (2 * i + 1 < size) {
      int child = 2 * i + 1;
      if (child + 1 < size && before(heap[child + 1], heap[child])) {
        child++;
      }
      if (!before(heap[child], block)) {
        break;
      }
      set(i, heap[child]);
      i = child;
    }
    set(i, block);
  }

  private void set(int i, int block) {
    heap[i] = block;
    position[block] = i;
  }

  private boolean before(int a, int b) {
    return score[a] < score[b] || (score[a] == score[b] && placed[a] < placed[b]);
  }
}
