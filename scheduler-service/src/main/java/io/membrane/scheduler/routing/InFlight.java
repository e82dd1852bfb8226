package io.membrane.scheduler.routing;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What has been decided and not finished, by target. Fills the gap between a decision and the
 * telemetry that shows it. An entry leaves when it is released, or else at its expected end; one
 * whose end is not known, after {@link #UNKNOWN_SECONDS}. Thread-safe; never blocks for long.
 *
 * <p>Algorithm: a timing wheel (G. Varghese and A. Lauck, "Hashed and Hierarchical Timing Wheels",
 * SOSP 1987) of {@value #SLOTS} slots of 2^{@value #SLOT_BITS} ns, so that adding and releasing
 * take constant time. An entry leaves at the end of its slot, 34 ms late at most; it never stays
 * longer than the wheel is round, 137 s. When {@value #CAPACITY} entries are there, the one that
 * ends first makes room.
 */
public final class InFlight {

  /** How long an entry stays whose end is not known, about a long prefill. OURS. */
  public static final double UNKNOWN_SECONDS = 10;

  static final int CAPACITY = 65_536;
  static final int SLOTS = 4096;
  static final int SLOT_BITS = 25;

  private static final int MASK = SLOTS - 1;
  private static final double NANOS = 1e9;

  private final @Nullable Entry[] slots = new @Nullable Entry[SLOTS];
  private final Map<Place, Sums> sums = new HashMap<>();
  private long tick = Long.MIN_VALUE;
  private int entries;
  private volatile boolean empty = true;

  /**
   * What a cluster or node has in flight.
   *
   * @param requests how many
   * @param tokens that they compute
   * @param bytes of KV that cross a link because of them; 0 for those whose costs are unknown
   * @param seconds of one instance's time that they take; 0 for those whose costs are unknown
   */
  public record Load(int requests, long tokens, double bytes, double seconds) {

    /** Nothing. */
    public static final Load NONE = new Load(0, 0, 0, 0);
  }

  /** One decision in flight. */
  public final class Ticket {

    private final Entry entry;

    private Ticket(Entry entry) {
      this.entry = entry;
    }

    /** It is finished; a second time, or after its end, nothing happens. */
    public void release() {
      synchronized (InFlight.this) {
        remove(entry);
      }
    }
  }

  private record Place(String cluster, @Nullable String node) {}

  private static final class Sums {

    private int requests;
    private long tokens;
    private double bytes;
    private double seconds;

    private Load load() {
      return new Load(requests, tokens, bytes, seconds);
    }
  }

  private static final class Entry {

    private final Decision decision;
    private final int slot;
    private boolean there = true;
    private @Nullable Entry previous;
    private @Nullable Entry next;

    private Entry(Decision decision, int slot) {
      this.decision = decision;
      this.slot = slot;
    }

    private double seconds() {
      @Nullable Terms chosen = decision.grounds().chosen();
      return chosen == null ? 0 : chosen.prefillSeconds();
    }
  }

  /**
   * Counts a decision until its end.
   *
   * @param nowNanos of a clock that does not go back, the same at every call
   */
  public synchronized Ticket add(Decision decision, long nowNanos) {
    advance(nowNanos);
    if (entries == CAPACITY) {
      dropFirst();
    }
    double seconds = decision.ttftSeconds().orElse(UNKNOWN_SECONDS);
    long end = nowNanos + (long) (Math.min(seconds, 1e6) * NANOS);
    long at = Math.clamp(end >> SLOT_BITS, tick, tick + SLOTS - 1);
    Entry entry = new Entry(decision, (int) (at & MASK));
    @Nullable Entry head = slots[entry.slot];
    entry.next = head;
    if (head != null) {
      head.previous = entry;
    }
    slots[entry.slot] = entry;
    entries++;
    empty = false;
    count(new Place(decision.target(), null), entry, 1);
    if (decision.node() != null) {
      count(new Place(decision.target(), decision.node()), entry, 1);
    }
    return new Ticket(entry);
  }

  /** What a cluster has in flight. */
  public Load of(String cluster, long nowNanos) {
    return at(new Place(cluster, null), nowNanos);
  }

  /** What a node of a cluster has in flight. */
  public Load of(String cluster, String node, long nowNanos) {
    return at(new Place(cluster, node), nowNanos);
  }

  /** Gives up what a cluster has in flight, because the cluster is gone; says what that was. */
  public synchronized Load forget(String cluster) {
    @Nullable Sums lost = sums.get(new Place(cluster, null));
    if (lost == null) {
      return Load.NONE;
    }
    Load load = lost.load();
    for (int slot = 0; slot < SLOTS; slot++) {
      @Nullable Entry e = slots[slot];
      while (e != null) {
        @Nullable Entry next = e.next;
        if (e.decision.target().equals(cluster)) {
          remove(e);
        }
        e = next;
      }
    }
    return load;
  }

  private Load at(Place place, long nowNanos) {
    if (empty) {
      return Load.NONE;
    }
    synchronized (this) {
      advance(nowNanos);
      @Nullable Sums found = sums.get(place);
      return found == null ? Load.NONE : found.load();
    }
  }

  private void advance(long nowNanos) {
    long now = nowNanos >> SLOT_BITS;
    if (entries == 0) {
      tick = Math.max(tick, now);
    }
    for (int i = 0; tick < now && i < SLOTS; i++) {
      @Nullable Entry e = slots[(int) (tick & MASK)];
      while (e != null) {
        remove(e);
        e = slots[(int) (tick & MASK)];
      }
      tick++;
    }
    tick = Math.max(tick, now);
  }

  private void dropFirst() {
    for (long at = tick; at < tick + SLOTS; at++) {
      @Nullable Entry first = slots[(int) (at & MASK)];
      if (first != null) {
        remove(first);
        return;
      }
    }
  }

  private void remove(Entry entry) {
    if (!entry.there) {
      return;
    }
    entry.there = false;
    @Nullable Entry previous = entry.previous;
    @Nullable Entry next = entry.next;
    if (previous != null) {
      previous.next = next;
    } else {
      slots[entry.slot] = next;
    }
    if (next != null) {
      next.previous = previous;
    }
    entries--;
    empty = entries == 0;
    Decision d = entry.decision;
    count(new Place(d.target(), null), entry, -1);
    if (d.node() != null) {
      count(new Place(d.target(), d.node()), entry, -1);
    }
  }

  private void count(Place place, Entry entry, int sign) {
    Sums s = sums.computeIfAbsent(place, p -> new Sums());
    Decision d = entry.decision;
    s.requests += sign;
    s.tokens += (long) sign * d.incrementalTokens();
    s.bytes += sign * d.egressBytes().orElse(0);
    s.seconds += sign * entry.seconds();
    if (s.requests == 0) {
      sums.remove(place);
    }
  }
}
