package io.membrane.fragment.eviction;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The same policy with exact counts and lists that are sorted whenever somebody has to go. */
final class NaivePolicy {

  private static final long TICK = 1L << 20;

  private static final class Item {
    final Candidate<Integer> candidate;
    final double density;
    final long arrival;
    double score;
    long tick;

    Item(Candidate<Integer> candidate, double density, long arrival) {
      this.candidate = candidate;
      this.density = density;
      this.arrival = arrival;
    }

    int priorityClass() {
      return candidate.priorityClass();
    }

    double score() {
      return score;
    }

    long tick() {
      return tick;
    }

    long arrival() {
      return arrival;
    }
  }

  private static final class NaiveTrial {
    final double newcomer;
    final long capacity;
    final Map<Integer, Item> held = new HashMap<>();
    double age;
    double saved;
    long tick;

    NaiveTrial(double newcomer, long capacity) {
      this.newcomer = newcomer;
      this.capacity = capacity;
    }

    void use(Item used, int frequency) {
      int key = used.candidate.key();
      Item item = held.get(key);
      if (item != null) {
        saved += used.density * used.candidate.bytes();
      } else {
        if (used.candidate.bytes() > capacity) {
          return;
        }
        while (bytes(held) + used.candidate.bytes() > capacity) {
          Item first = held.values().stream().min(ORDER).orElseThrow();
          age = Math.max(age, first.score);
          held.remove(first.candidate.key());
        }
        item = new Item(used.candidate, used.density, tick);
        held.put(key, item);
      }
      item.score = age + (frequency <= 1 ? newcomer : frequency) * used.density;
      item.tick = ++tick;
    }
  }

  private static final Comparator<Item> ORDER =
      Comparator.comparingDouble(Item::score)
          .thenComparingLong(Item::tick)
          .thenComparingLong(Item::arrival);

  private final long capacity;
  private final long entries;
  private final Predicate<Integer> sampled;
  private final Map<Integer, Item> held = new HashMap<>();
  private final Set<Integer> pinned = new HashSet<>();
  private final Map<Integer, Integer> counts = new HashMap<>();
  private final double[] age = new double[EvictionPolicy.PRIORITY_CLASSES];
  private final NaiveTrial generous;
  private final NaiveTrial strict;
  private NaiveTrial best;
  private @Nullable Item declined;
  private long clock;
  private long seen;
  private long tried;

  NaivePolicy(long capacity, long typical, Predicate<Integer> sampled) {
    this.capacity = capacity;
    this.entries = capacity / typical;
    this.sampled = sampled;
    this.generous = new NaiveTrial(Worth.GENEROUS, capacity / Worth.SAMPLE);
    this.strict = new NaiveTrial(Worth.STRICT, capacity / Worth.SAMPLE);
    this.best = generous;
  }

  Set<Integer> held() {
    return held.keySet();
  }

  Set<Integer> pinned() {
    return pinned;
  }

  long used() {
    return bytes(held);
  }

  void hit(int key) {
    Item item = held.get(key);
    if (item != null) {
      rank(item, use(item), null);
    }
  }

  void remove(int key) {
    held.remove(key);
    pinned.remove(key);
  }

  void pin(int key) {
    if (held.containsKey(key)) {
      pinned.add(key);
    }
  }

  void unpin(int key) {
    pinned.remove(key);
  }

  Admission<Integer> offer(Candidate<Integer> c, Predicate<Integer> busy) {
    if (held.containsKey(c.key())) {
      hit(c.key());
      return Admission.admitted(List.of());
    }
    Item parent = c.parent() == null ? null : held.get(c.parent());
    if (parent == null && declined != null && declined.candidate.key().equals(c.parent())) {
      parent = declined;
    }
    double exact = c.cost() / c.bytes();
    double step = Math.scalb(1.0, Math.getExponent(exact) - 2);
    double density = Math.floor(exact / step) * step;
    Item item = new Item(c, parent == null ? density : Math.min(density, parent.density), clock);
    double value = use(item);
    rank(item, value, parent);
    List<Item> victims = new ArrayList<>();
    long free = capacity - used();
    for (Item next : free < c.bytes() ? goingOrder() : List.<Item>of()) {
      boolean spared =
          next.priorityClass() > c.priorityClass()
              || (next.priorityClass() == c.priorityClass() && ORDER.compare(item, next) < 0);
      if (spared || free >= c.bytes()) {
        break;
      }
      if (!busy.test(next.candidate.key())) {
        victims.add(next);
        free += next.candidate.bytes();
      }
    }
    if (free < c.bytes()) {
      goingOrder().stream()
          .filter(i -> i.priorityClass() == c.priorityClass())
          .findFirst()
          .ifPresent(first -> grow(c.priorityClass(), Math.min(first.score, item.score)));
      declined = item;
      return Admission.declined();
    }
    for (Item victim : victims) {
      grow(victim.priorityClass(), victim.score);
      held.remove(victim.candidate.key());
    }
    rank(item, value, parent);
    held.put(c.key(), item);
    return Admission.admitted(victims.stream().map(v -> v.candidate.key()).toList());
  }

  List<Integer> reclaim(long bytes, Predicate<Integer> busy) {
    List<Integer> keys = new ArrayList<>();
    for (Item next : goingOrder()) {
      if (capacity - used() >= bytes) {
        break;
      }
      if (!busy.test(next.candidate.key())) {
        grow(next.priorityClass(), next.score);
        held.remove(next.candidate.key());
        keys.add(next.candidate.key());
      }
    }
    return keys;
  }

  private List<Item> goingOrder() {
    return held.values().stream()
        .filter(item -> !pinned.contains(item.candidate.key()))
        .sorted(Comparator.comparingInt(Item::priorityClass).thenComparing(ORDER))
        .toList();
  }

  private void grow(int priorityClass, double score) {
    age[priorityClass] = Math.max(age[priorityClass], score);
  }

  private void rank(Item item, double value, @Nullable Item parent) {
    item.score = age[item.priorityClass()] + value;
    item.tick = clock;
    if (parent != null
        && !pinned.contains(parent.candidate.key())
        && parent.priorityClass() == item.priorityClass()
        && ORDER.compare(parent, item) < 0) {
      item.score = parent.score;
      item.tick = parent.tick - 1;
    }
  }

  private double use(Item item) {
    int frequency = see(item.candidate.key());
    if (sampled.test(item.candidate.key())) {
      for (NaiveTrial trial : List.of(generous, strict)) {
        trial.use(item, frequency);
        if (trial.saved > best.saved * Worth.MARGIN) {
          best = trial;
        }
      }
      if (++tried % Worth.halfLife(entries) == 0) {
        generous.saved *= 0.5;
        strict.saved *= 0.5;
      }
    }
    clock += TICK;
    return item.density * (frequency <= 1 ? best.newcomer : frequency);
  }

  private int see(int key) {
    int now = Math.min(FrequencySketch.MOST, counts.merge(key, 1, Integer::sum));
    counts.put(key, now);
    if (++seen >= FrequencySketch.SAMPLE * Math.max(64, entries)) {
      seen /= 2;
      counts.replaceAll((k, n) -> n / 2);
    }
    return now;
  }

  private static long bytes(Map<Integer, Item> items) {
    return items.values().stream().mapToLong(item -> item.candidate.bytes()).sum();
  }
}
