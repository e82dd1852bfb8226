package io.membrane.fragment.eviction;

import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * When what ends: fragments with a TTL, pins. O(log n) for each call; at most two records for each
 * key, however often its end moves. Not thread-safe.
 */
public final class Expiries<K> {

  private final Map<K, Expiry<K>> current = new HashMap<>();
  private final PriorityQueue<Expiry<K>> byEnd = new PriorityQueue<>();
  private long sequence;

  /** Sets or moves the end of a key. */
  public void put(K key, Instant end) {
    Expiry<K> expiry = new Expiry<>(key, end, sequence++);
    current.put(key, expiry);
    byEnd.add(expiry);
    compact();
  }

  /** A key has no end any more; nothing if it had none. */
  public void remove(K key) {
    current.remove(key);
    compact();
  }

  /** Takes out a key whose end is at or before {@code now}, the earliest first; null if none. */
  public @Nullable K poll(Instant now) {
    Expiry<K> first = byEnd.peek();
    while (first != null && !first.end().isAfter(now)) {
      byEnd.remove();
      if (current.remove(first.key(), first)) {
        return first.key();
      }
      first = byEnd.peek();
    }
    return null;
  }

  /** Keys that have an end. */
  public int size() {
    return current.size();
  }

  int records() {
    return byEnd.size();
  }

  /** Drops what was moved or removed once that is more than half: O(1) amortised. */
  private void compact() {
    if (byEnd.size() > 2 * current.size() + 16) {
      byEnd.clear();
      byEnd.addAll(current.values());
    }
  }

  private record Expiry<K>(K key, Instant end, long sequence) implements Comparable<Expiry<K>> {

    @Override
    public int compareTo(Expiry<K> other) {
      int order = end.compareTo(other.end);
      return order != 0 ? order : Long.compare(sequence, other.sequence);
    }
  }
}
