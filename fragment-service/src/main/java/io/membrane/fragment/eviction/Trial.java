package io.membrane.fragment.eviction;

import java.util.HashMap;
import java.util.Map;

/**
 * Keys without bytes: what a small cache of one policy would hold of a sample of what is asked for,
 * to find out what that policy would save.
 */
final class Trial<K> {

  private final double newcomerWorth;
  private final long capacity;
  private final Map<K, Entry<K>> held = new HashMap<>();
  private final Ranking<K> ranking = new Ranking<>();
  private long used;
  private long tick;
  private double saved;

  Trial(double newcomerWorth, long capacity) {
    this.newcomerWorth = newcomerWorth;
    this.capacity = capacity;
  }

  double newcomerWorth() {
    return newcomerWorth;
  }

  /** Cost that hits have saved, the older the less. */
  double saved() {
    return saved;
  }

  void fade(double factor) {
    saved *= factor;
  }

  int size() {
    return held.size();
  }

  /** A use of a key that was seen {@code frequency} times with this one. */
  void use(K key, long bytes, double density, int frequency) {
    Entry<K> entry = held.get(key);
    if (entry != null) {
      saved += density * bytes;
    } else if (bytes > capacity) {
      return;
    } else {
      entry = new Entry<>(key, bytes, density, 0, tick);
      while (used + bytes > capacity) {
        Entry<K> first = ranking.first();
        ranking.age(first.score);
        ranking.remove(first);
        held.remove(first.key);
        used -= first.bytes;
      }
      held.put(key, entry);
      used += bytes;
    }
    entry.score = ranking.age() + Worth.of(frequency, newcomerWorth) * density;
    entry.tick = ++tick;
    ranking.place(entry);
  }
}
