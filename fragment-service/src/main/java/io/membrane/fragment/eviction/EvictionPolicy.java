package io.membrane.fragment.eviction;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a bounded tier takes in and what it gives up for it. It holds keys and sizes, not bytes: the
 * caller stores what is admitted and drops the victims.
 *
 * <p><b>Goals.</b> Save as much cost as the capacity allows, whatever share of the load it is; let
 * no burst of one-time fragments drive out what is used often; keep a prompt's head at least as
 * long as its tail, which is of no use without it.
 *
 * <p><b>Constraints.</b> Nothing goes that is pinned or that the caller calls busy. A lower
 * priority class goes before a higher one. The capacity is never exceeded. O(log n) for each
 * operation and each victim; a hit allocates nothing but, for one key in {@value Worth#SAMPLE},
 * what a {@link Trial} needs to remember it.
 *
 * <p><b>Algorithm.</b> GreedyDual-Size-Frequency (L. Cherkasova, "Improving WWW proxies performance
 * with Greedy-Dual-Size-Frequency caching policy", HPL-98-69, 1998): a touch gives a fragment the
 * score <i>L + frequency · cost / bytes</i>, the lowest score goes, and L becomes the score of what
 * went. Unlike there,
 *
 * <ol>
 *   <li>the frequency outlives the fragment: it comes from a {@link FrequencySketch} of everything
 *       that was asked for, as in W-TinyLFU (Einziger, Friedman and Manes, 2017);
 *   <li>what is seen for the first time counts as much as pays ({@link Worth});
 *   <li>a fragment's cost per byte counts roughly ({@link Candidate#density}); it is at most its
 *       parent's, and it arrives below its parent in rank, so that children do not outlive their
 *       parents;
 *   <li>a newcomer that ranks below what it would drive out is declined.
 * </ol>
 *
 * <p>How it compares: {@code docs/internals/eviction.md}. Under 200 bytes for each fragment held,
 * all included but the keys; the sketch's share is fixed when the policy is made.
 *
 * <p>Not thread-safe: the caller locks. Equal calls in equal order have equal answers.
 *
 * @param <K> a key with a well-spread {@code hashCode} that is the same in every process
 */
public final class EvictionPolicy<K> {

  /** How many priority classes there are. */
  public static final int PRIORITY_CLASSES = 8;

  /** How many busy fragments an operation passes over before it gives up. */
  public static final int MOST_PASSED_OVER = 64;

  /** Leaves room below a touch for the descendants that arrive later. */
  private static final long TICK = 1L << 20;

  private final long capacity;
  private final Map<K, Entry<K>> held = new HashMap<>();
  private final Precedence<K> precedence = new Precedence<>();
  private final FrequencySketch sketch;
  private final Worth<K> worth;
  private long used;
  private long clock;

  /** What was declined last, so that the rest of its prompt is too. */
  private @Nullable Entry<K> declined;

  /**
   * A policy that holds nothing yet.
   *
   * @param capacityBytes most bytes that are held at a time, ≥ 1
   * @param typicalBytes about how large a fragment is, ≥ 1: sizes what is remembered of those that
   *     are not held
   * @param seed of the hashes; equal seeds have equal answers
   */
  public EvictionPolicy(long capacityBytes, long typicalBytes, int seed) {
    if (capacityBytes < 1 || typicalBytes < 1) {
      throw new IllegalArgumentException(
          "capacity and typical size are at least 1 byte, not %d and %d"
              .formatted(capacityBytes, typicalBytes));
    }
    this.capacity = capacityBytes;
    long entries = capacityBytes / typicalBytes;
    this.sketch = new FrequencySketch(entries, seed);
    this.worth = new Worth<>(capacityBytes, entries, seed);
  }

  /** Whether a fragment is held. */
  public boolean contains(K key) {
    return held.containsKey(key);
  }

  /** Bytes that are held, pinned ones included; at most {@link #capacityBytes()}. */
  public long usedBytes() {
    return used;
  }

  /** Most bytes that are held at a time. */
  public long capacityBytes() {
    return capacity;
  }

  /** Fragments that are held. */
  public int size() {
    return held.size();
  }

  /** A fragment was used; nothing if it is not held. */
  public void hit(K key) {
    Entry<K> entry = held.get(key);
    if (entry != null) {
      rank(entry, use(entry), null);
      if (!entry.pinned) {
        precedence.of(entry).place(entry);
      }
    }
  }

  /**
   * The fragments of a prompt were used; those that are not held are passed over. They are touched
   * from the last to the first, so that heads outlive tails: prefer this to single hits.
   *
   * @param prefix in the order of the prompt
   */
  public void hitAll(List<? extends K> prefix) {
    for (int i = prefix.size() - 1; i >= 0; i--) {
      hit(prefix.get(i));
    }
  }

  /**
   * A fragment asks to be held. If it is already, this is a hit. What is offered ranks below its
   * parent: hit the part of a prompt that is held, and then offer the rest from its head.
   *
   * @param busy whether a fragment cannot go now, because it is leased, say; asked of would-be
   *     victims alone, and must not call back. After {@value #MOST_PASSED_OVER} of them the
   *     candidate is declined
   * @return declined if it is larger than the capacity, if what would have to go is of a higher
   *     class, ranks higher, is pinned or busy
   */
  public Admission<K> offer(Candidate<K> candidate, Predicate<? super K> busy) {
    if (held.containsKey(candidate.key())) {
      hit(candidate.key());
      return Admission.admitted(List.of());
    }
    Entry<K> parent = parent(candidate);
    Entry<K> newcomer = entry(candidate, parent);
    double value = use(newcomer);
    Ranking<K> ranking = precedence.of(newcomer);
    rank(newcomer, value, parent);
    List<Entry<K>> victims = precedence.victims(used - capacity + newcomer.bytes, newcomer, busy);
    if (victims == null) {
      if (!ranking.isEmpty()) {
        ranking.age(Math.min(ranking.first().score, newcomer.score));
      }
      declined = newcomer;
      return Admission.declined();
    }
    List<K> keys = drop(victims);
    held.put(newcomer.key, newcomer);
    used += newcomer.bytes;
    rank(newcomer, value, parent);
    ranking.place(newcomer);
    return Admission.admitted(keys);
  }

  /**
   * Gives up fragments until so many bytes are free, for whatever reason the caller has.
   *
   * @param bytes that should be free, in [0, {@link #capacityBytes()}]
   * @param busy as in {@link #offer}
   * @return the victims, the first to go first; fewer bytes than asked for if the rest is pinned or
   *     busy
   */
  public List<K> reclaim(long bytes, Predicate<? super K> busy) {
    if (bytes < 0 || bytes > capacity) {
      throw new IllegalArgumentException(
          "of %d bytes cannot be made free: %d".formatted(capacity, bytes));
    }
    List<K> keys = new ArrayList<>();
    while (capacity - used < bytes) {
      List<Entry<K>> next = precedence.victims(1, null, busy);
      if (next == null) {
        break;
      }
      keys.addAll(drop(next));
    }
    return keys;
  }

  /** A fragment is gone: deleted, expired, damaged; nothing if it is not held. Pins end with it. */
  public void remove(K key) {
    Entry<K> entry = held.remove(key);
    if (entry != null) {
      used -= entry.bytes;
      if (!entry.pinned) {
        precedence.of(entry).remove(entry);
      }
    }
  }

  /**
   * Keeps a fragment until {@link #unpin}; pins do not add up.
   *
   * @return whether it is held, and so pinned now
   */
  public boolean pin(K key) {
    Entry<K> entry = held.get(key);
    if (entry != null && !entry.pinned) {
      entry.pinned = true;
      precedence.of(entry).remove(entry);
    }
    return entry != null;
  }

  /** Lets a fragment go again, when its last use says; nothing if it is not pinned. */
  public void unpin(K key) {
    Entry<K> entry = held.get(key);
    if (entry != null && entry.pinned) {
      entry.pinned = false;
      precedence.of(entry).place(entry);
    }
  }

  /** Keys that are remembered without being held. */
  int remembered() {
    return worth.tried();
  }

  private @Nullable Entry<K> parent(Candidate<K> candidate) {
    if (candidate.parent() == null) {
      return null;
    }
    Entry<K> parent = held.get(candidate.parent());
    boolean justDeclined = declined != null && declined.key.equals(candidate.parent());
    return parent == null && justDeclined ? declined : parent;
  }

  private Entry<K> entry(Candidate<K> candidate, @Nullable Entry<K> parent) {
    double density = candidate.density();
    return new Entry<>(
        candidate.key(),
        candidate.bytes(),
        parent == null ? density : Math.min(density, parent.density),
        candidate.priorityClass(),
        clock);
  }

  /** Counts a use and says what it adds to the score. */
  private double use(Entry<K> entry) {
    clock += TICK;
    return entry.density * worth.use(entry.key, entry.bytes, entry.density, sketch.see(entry.key));
  }

  private void rank(Entry<K> entry, double value, @Nullable Entry<K> parent) {
    entry.score = precedence.of(entry).age() + value;
    entry.tick = clock;
    if (parent != null
        && !parent.pinned
        && parent.priorityClass == entry.priorityClass
        && parent.before(entry)) {
      entry.score = parent.score;
      entry.tick = parent.tick - 1;
    }
  }

  private List<K> drop(List<Entry<K>> victims) {
    List<K> keys = new ArrayList<>(victims.size());
    for (Entry<K> victim : victims) {
      precedence.of(victim).age(victim.score);
      held.remove(victim.key);
      used -= victim.bytes;
      keys.add(victim.key);
    }
    return keys;
  }
}
