package io.membrane.fragment.eviction;

import java.util.ArrayList;
import java.util.List;

/**
 * Entries in the order in which they go: GreedyDual's order (N. Young, "The k-server dual and loose
 * competitiveness for paging", 1994; P. Cao and S. Irani, "Cost-aware WWW proxy caching
 * algorithms", 1997). A touch sets an entry's score to <i>age + value</i>, and the age becomes the
 * score of what left last, so that what is not touched again loses against what is. A binary heap
 * whose entries know their places: O(log n) for every change, nothing allocated but the array.
 */
final class Ranking<K> {

  private final List<Entry<K>> heap = new ArrayList<>();
  private double age;

  int size() {
    return heap.size();
  }

  boolean isEmpty() {
    return heap.isEmpty();
  }

  /** The score that everything that left had at most. */
  double age() {
    return age;
  }

  /** Lets everything that is touched from now on gain on what was not; never goes back. */
  void age(double score) {
    age = Math.max(age, score);
  }

  /** The one to go next; there must be one. */
  Entry<K> first() {
    return heap.getFirst();
  }

  /** Ranks an entry by its score and tick, anew or for the first time. */
  void place(Entry<K> entry) {
    if (entry.position == Entry.UNRANKED) {
      entry.position = heap.size();
      heap.add(entry);
    }
    down(up(entry.position));
  }

  void remove(Entry<K> entry) {
    int hole = entry.position;
    entry.position = Entry.UNRANKED;
    Entry<K> last = heap.removeLast();
    if (last != entry) {
      set(hole, last);
      down(up(hole));
    }
  }

  private int up(int from) {
    int i = from;
    Entry<K> entry = heap.get(i);
    while (i > 0) {
      Entry<K> parent = heap.get((i - 1) >>> 1);
      if (!entry.before(parent)) {
        break;
      }
      set(i, parent);
      i = (i - 1) >>> 1;
    }
    set(i, entry);
    return i;
  }

  private void down(int from) {
    int i = from;
    Entry<K> entry = heap.get(i);
    while (2 * i + 1 < heap.size()) {
      int child = 2 * i + 1;
      if (child + 1 < heap.size() && heap.get(child + 1).before(heap.get(child))) {
        child++;
      }
      if (!heap.get(child).before(entry)) {
        break;
      }
      set(i, heap.get(child));
      i = child;
    }
    set(i, entry);
  }

  private void set(int i, Entry<K> entry) {
    heap.set(i, entry);
    entry.position = i;
  }
}
