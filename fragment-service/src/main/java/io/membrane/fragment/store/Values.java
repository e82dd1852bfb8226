package io.membrane.fragment.store;

import io.membrane.fragment.offheap.Payload;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.tenancy.Policy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Values under names that callers choose: unlike fragments they may be written again, and the log
 * does not tell of them. The last write holds, at once and whole, for all replicas: what is in
 * memory is served only after Redis has said that it is still the value. Otherwise they are stored,
 * charged, ranked and ended as fragments are.
 *
 * <p>Within a domain that tenants share each of them may write and remove each value; who wrote it
 * last is charged.
 *
 * <p>Keys begin with a word that is shorter than a hash, and a slash. Methods block, are
 * thread-safe, and throw what {@link FragmentStore}'s throw.
 */
public final class Values {

  /** Names that one script removes. */
  private static final int AT_A_TIME = 64;

  private static final int PAGE = 1024;

  private final RedisWrites writes;
  private final RedisReads reads;
  private final Removals removals;
  private final Catalog catalog;
  private final Bodies bodies;
  private final RedisCalls redis;
  private final Tenants tenants;
  private final MemoryTier memory;
  private final RedisRoom room;
  private final Uses uses;
  private final Duration defaultTtl;
  private final StoreMeters meters;

  Values(
      RedisWrites writes,
      RedisReads reads,
      Removals removals,
      Catalog catalog,
      Bodies bodies,
      RedisCalls redis,
      Tenants tenants,
      MemoryTier memory,
      RedisRoom room,
      Uses uses,
      Duration defaultTtl,
      StoreMeters meters) {
    this.writes = writes;
    this.reads = reads;
    this.removals = removals;
    this.catalog = catalog;
    this.bodies = bodies;
    this.redis = redis;
    this.tenants = tenants;
    this.memory = memory;
    this.room = room;
    this.uses = uses;
    this.defaultTtl = defaultTtl;
    this.meters = meters;
  }

  /**
   * Stores a value, instead of the one that is there. Its life begins anew; one of equal bytes
   * keeps its end if that is later by less than a sixteenth.
   *
   * @param with keys that are to go when this one goes, however it goes; not when it is written
   *     again
   * @param body may be empty; stays the caller's to close
   * @throws MembraneException {@link ErrorCode#QUOTA_EXCEEDED} or {@link ErrorCode#STORAGE_FULL};
   *     the value before stays then
   */
  public void put(String tenant, String key, List<String> with, Payload body) {
    meters.put(
        tenant,
        body.length(),
        () -> {
          Policy policy = tenants.policy(tenant);
          String domain = policy.domain(tenant);
          Duration ttl =
              policy.ttlSeconds() == null ? defaultTtl : Duration.ofSeconds(policy.ttlSeconds());
          return writes.put(
              new NewName(
                  Name.of(domain, key),
                  tenant,
                  policy,
                  null,
                  body.digest(),
                  body.length(),
                  ttl.toMillis(),
                  true,
                  with.stream().map(other -> Name.of(domain, other)).toList()),
              body,
              null);
        });
  }

  /** The value, or null if there is none; the caller closes it. */
  public @Nullable Fragment get(String tenant, String key) {
    Name name = name(tenant, key);
    uses.count(name);
    long moment = memory.moment();
    Fragment here = memory.find(name);
    Lookup now = null;
    try {
      now = catalog.resolve(List.of(name)).getFirst();
    } catch (MembraneException e) {
      meters.failed(tenant, e, 1);
      throw e;
    } finally {
      if (here != null && !isStill(here, now)) {
        here.close();
        here = null;
      }
    }
    if (here != null) {
      meters.memoryHit(tenant, here);
      return here;
    }
    List<@Nullable Lookup> found = listOf(now);
    return meters.load(tenant, 1, () -> reads.load(List.of(name), found, moment)).getFirst();
  }

  private static boolean isStill(Fragment here, @Nullable Lookup now) {
    return now instanceof Lookup.Whole whole
        && whole.description().digest().equals(here.description().digest());
  }

  private static List<@Nullable Lookup> listOf(@Nullable Lookup lookup) {
    List<@Nullable Lookup> list = new ArrayList<>(1);
    list.add(lookup);
    return list;
  }

  /** What is known of a value, or null if there is none. Counts as no use. */
  public @Nullable Description describe(String tenant, String key) {
    Name name = name(tenant, key);
    Lookup.Whole whole = reads.wholeOrDrop(name, catalog.resolve(List.of(name)).getFirst());
    if (whole == null) {
      meters.miss(tenant);
      return null;
    }
    return whole.description();
  }

  /** Removes a value and what goes with it; does nothing if there is none. */
  public void delete(String tenant, String key) {
    Name name = name(tenant, key);
    removals.remove(name, () -> catalog.condemn(name, ""));
  }

  /**
   * Removes all values whose keys begin so. What is stored meanwhile stays or goes, each value
   * whole.
   *
   * @return how many went; when this throws some have gone, and calling again goes on
   */
  public long clear(String tenant, String prefix) {
    Name first = name(tenant, prefix);
    long[] gone = new long[1];
    redis.scan(
        "flush",
        literally(RedisKeys.PREFIX + "name:" + first) + "*",
        PAGE,
        page -> {
          List<Name> names =
              page.stream()
                  .map(k -> Name.parse(k.substring((RedisKeys.PREFIX + "name:").length())))
                  .toList();
          for (int from = 0; from < names.size(); from += AT_A_TIME) {
            gone[0] += flush(names.subList(from, Math.min(names.size(), from + AT_A_TIME)));
          }
        });
    return gone[0];
  }

  private long flush(List<Name> names) {
    Catalog.Trimmed flushed = catalog.flush(names);
    names.forEach(memory::forget);
    bodies.giveUp(flushed.unlink());
    room.observe(flushed.storeBytes());
    return flushed.evicted();
  }

  private Name name(String tenant, String key) {
    return Name.of(tenants.domain(tenant), key);
  }

  /** A text as it stands in a glob of Redis. */
  private static String literally(String text) {
    return text.replaceAll("[\\\\*?\\[\\]]", "\\\\$0");
  }
}
