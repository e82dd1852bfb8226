package io.membrane.system;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.fixture.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the fragment store may hold, and so may answer: for each fragment the set of values that may
 * be there, {@link #ABSENT} among them. A call that ended without an answer may have happened, or
 * may happen later, until everything is at rest again.
 */
final class FragmentModel {

  /** The value of what is not there; others are digests. */
  static final String ABSENT = "";

  private static final int KEYS = 20;
  private static final int CONTENTS = 10;
  private static final int MOST_BYTES = 60_000;

  /** A tenant, and the tenant that names its fragments in Redis. */
  record Tenant(String name, String domain, @Nullable String policy, boolean hasQuota) {}

  static final Tenant PLAIN = new Tenant("plain", "tenant:plain", null, false);
  static final Tenant LIMITED =
      new Tenant(
          "limited",
          "tenant:limited",
          "{\"quota_fragments\":12,\"sharing\":\"isolated\",\"priority_class\":3}",
          true);
  static final Tenant SHARING =
      new Tenant(
          "sharing",
          "group:g",
          "{\"sharing\":\"group\",\"group\":\"g\",\"priority_class\":5}",
          false);

  /** Sees what {@link #SHARING} stores, and stores nothing. */
  static final Tenant READER =
      new Tenant(
          "reader",
          "group:g",
          "{\"sharing\":\"group\",\"group\":\"g\",\"priority_class\":3}",
          false);

  static final List<Tenant> WRITERS = List.of(PLAIN, LIMITED, SHARING);

  /** One fragment. Its state is its lock's. */
  static final class Cell {
    final Tenant tenant;
    final FragmentKey key;
    final TokenSpan span;
    final ReentrantLock lock = new ReentrantLock();
    private final Set<String> seen = ConcurrentHashMap.newKeySet();
    private Set<String> now = Set.of(ABSENT);
    private final Set<String> late = ConcurrentHashMap.newKeySet();
    private boolean pinned;
    private long keptUntilMs;
    private long endsByMs = Long.MAX_VALUE;
    private int lastReplica = -1;

    private Cell(Tenant tenant, FragmentKey key, TokenSpan span) {
      this.tenant = tenant;
      this.key = key;
      this.span = span;
      seen.add(ABSENT);
    }

    String name() {
      return tenant.domain() + "/" + key;
    }

    private boolean mayBe(String value) {
      return now.contains(value) || late.contains(value);
    }

    @Override
    public String toString() {
      return "%s: may be %s, late %s, since the last rest %s, pinned %s, kept until %d, ends by %d, last written through %d"
          .formatted(name(), now, late, seen, pinned, keptUntilMs, endsByMs, lastReplica);
    }
  }

  /** When a call was sent and when its answer was there (Unix ms), and which replica answered. */
  record Call(int replica, long sentMs, long receivedMs) {}

  /** Whether faults are being made, so that calls may fail. */
  volatile boolean troubled;

  /** Whether Redis may run full, so that what is not pinned may go and puts may be refused. */
  volatile boolean full;

  final AtomicInteger calls = new AtomicInteger();
  final AtomicInteger failures = new AtomicInteger();

  /** How often there was which status, 0 without an answer. */
  final Map<Integer, Integer> answers = new ConcurrentSkipListMap<>();

  final Map<String, byte[]> contents = new ConcurrentHashMap<>();
  final List<Cell> cells = new ArrayList<>();
  private final Set<String> damaged = ConcurrentHashMap.newKeySet();
  private volatile List<String> pool = List.of();

  /** The same fragments in every domain. */
  FragmentModel(RandomGenerator random) {
    for (int i = 0; i < KEYS; i++) {
      FragmentKey key = new FragmentKey(Seeds.hash(random), Slice.attention(4));
      for (Tenant tenant : WRITERS) {
        cells.add(new Cell(tenant, key, new TokenSpan(16 * i, 16 * i + 16)));
      }
    }
  }

  /** Other contents from now on, which nobody has damaged. */
  void renew(RandomGenerator random) {
    List<String> fresh = new ArrayList<>();
    for (int i = 0; i < CONTENTS; i++) {
      byte[] bytes = Seeds.bytes(random, 1 + random.nextInt(MOST_BYTES));
      String digest = ContentDigest.of(bytes).hex();
      contents.put(digest, bytes);
      fresh.add(digest);
    }
    pool = fresh;
  }

  String anyContent(RandomGenerator random) {
    List<String> now = pool;
    return now.get(random.nextInt(now.size()));
  }

  /** To be called before it is. */
  void damage(String digest) {
    damaged.add(digest);
  }

  boolean isDamaged(String digest) {
    return damaged.contains(digest);
  }

  private boolean mayBeAbsent(Cell cell, long atMs) {
    return cell.mayBe(ABSENT)
        || (full && !cell.pinned)
        || atMs >= cell.keptUntilMs
        || cell.late.stream().anyMatch(damaged::contains)
        || cell.now.stream().anyMatch(damaged::contains);
  }

  /** A put was acknowledged as new (201). */
  void stored(Cell cell, String value, long ttlMs, Call call) {
    require(mayBeAbsent(cell, call.receivedMs()), "was stored anew", cell, value, call);
    cell.now = Set.of(value);
    cell.seen.add(value);
    cell.lastReplica = call.replica();
    cell.pinned = ttlMs == 0 && cell.late.isEmpty();
    cell.keptUntilMs = ttlMs == 0 ? Long.MAX_VALUE : call.sentMs() + ttlMs;
    cell.endsByMs = ttlMs == 0 ? Long.MAX_VALUE : call.receivedMs() + ttlMs;
  }

  /** A put was acknowledged as equal (200). */
  void same(Cell cell, String value, long ttlMs, Call call) {
    require(cell.mayBe(value), "was there with equal bytes", cell, value, call);
    boolean certain = cell.now.equals(Set.of(value)) && cell.late.isEmpty();
    cell.now = Set.of(value);
    long kept = ttlMs == 0 ? Long.MAX_VALUE : call.sentMs() + ttlMs - ttlMs / 16;
    cell.keptUntilMs = certain ? Math.max(cell.keptUntilMs, kept) : kept;
    cell.pinned = cell.late.isEmpty() && (ttlMs == 0 || (certain && cell.pinned));
    cell.endsByMs =
        ttlMs == 0 || !certain
            ? Long.MAX_VALUE
            : Math.max(cell.endsByMs, call.receivedMs() + ttlMs);
  }

  /** A put was refused since other bytes are there (409). */
  void conflicted(Cell cell, String value, Call call) {
    Set<String> others =
        cell.now.stream()
            .filter(each -> !each.equals(value) && !each.equals(ABSENT))
            .collect(Collectors.toSet());
    boolean lateOther = cell.late.stream().anyMatch(each -> !each.equals(value) && !each.isEmpty());
    require(lateOther || !others.isEmpty(), "was there with other bytes", cell, value, call);
    if (cell.late.isEmpty()) {
      cell.now = others;
    }
  }

  /** A removal was acknowledged. */
  void removed(Cell cell, Call call) {
    cell.now = Set.of(ABSENT);
    cell.lastReplica = call.replica();
  }

  /** A put, or with {@link #ABSENT} a removal, of which it is not known what became. */
  void unknown(Cell cell, String value) {
    cell.late.add(value);
    cell.seen.add(value);
    cell.pinned = false;
    failed("a write without an answer", cell);
  }

  /** A call failed in a way that the contract names. */
  void failed(String what, Cell cell) {
    failures.incrementAndGet();
    if (!troubled) {
      throw new AssertionError(what + " while all was well; " + cell);
    }
  }

  /** A value was read by whoever holds the cell's lock. */
  void saw(Cell cell, String value, Call call) {
    if (value.equals(ABSENT)) {
      require(mayBeAbsent(cell, call.receivedMs()), "was not there", cell, value, call);
      cell.now = with(cell.now, ABSENT);
      return;
    }
    boolean alive = !cell.late.isEmpty() || call.sentMs() <= cell.endsByMs;
    boolean stale = call.replica() != cell.lastReplica && cell.seen.contains(value);
    require((cell.mayBe(value) && alive) || stale, "was read", cell, value, call);
  }

  /** A value was read while others may write. */
  void sawBeside(Cell cell, String value, Call call) {
    require(
        value.equals(ABSENT) || (contents.containsKey(value) && cell.seen.contains(value)),
        "was read beside writes",
        cell,
        value,
        call);
  }

  /** A put of this value begins: whoever reads may see it from now on. */
  void begins(Cell cell, String value) {
    cell.seen.add(value);
  }

  /** Everything is at rest, and all agree on this value, which was read between the two times. */
  void settled(Cell cell, String value, long fromMs, long toMs) {
    Call call = new Call(cell.lastReplica, fromMs, toMs);
    saw(cell, value, call);
    if (!cell.late.isEmpty()) {
      cell.pinned = false;
      cell.keptUntilMs = 0;
      cell.endsByMs = Long.MAX_VALUE;
      cell.late.clear();
    }
    cell.now = Set.of(value);
    cell.seen.clear();
    cell.seen.add(ABSENT);
    cell.seen.add(value);
  }

  private static Set<String> with(Set<String> values, String more) {
    return java.util.stream.Stream.concat(values.stream(), java.util.stream.Stream.of(more))
        .collect(Collectors.toSet());
  }

  private static void require(boolean holds, String what, Cell cell, String value, Call call) {
    if (!holds) {
      throw new AssertionError("'%s' %s in %s; %s".formatted(value, what, call, cell));
    }
  }
}
