package io.membrane.fragment.eviction;

/** What is remembered of a fragment; its place in a {@link Ranking} included. */
final class Entry<K> {

  static final int UNRANKED = -1;

  final K key;
  final long bytes;

  /** Cost per byte, at most that of the parent that was held when this one came. */
  final double density;

  final int priorityClass;
  final long arrival;

  double score;
  long tick;
  int position = UNRANKED;

  /** The state of {@link EvictionPolicy#pin}. */
  boolean pinned;

  Entry(K key, long bytes, double density, int priorityClass, long arrival) {
    this.key = key;
    this.bytes = bytes;
    this.density = density;
    this.priorityClass = priorityClass;
    this.arrival = arrival;
  }

  /**
   * Whether this one goes before {@code other}: the lower score, of equal scores the older touch,
   * of equal touches the earlier arrival.
   */
  boolean before(Entry<K> other) {
    if (score != other.score) {
      return score < other.score;
    }
    return tick != other.tick ? tick < other.tick : arrival < other.arrival;
  }
}
