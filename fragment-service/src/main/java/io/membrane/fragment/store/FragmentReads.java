package io.membrane.fragment.store;

import io.membrane.rpc.CallContext;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads of fragments: from memory first, then from wherever else they are. Thread-safe; throws what
 * {@link FragmentStore#get(List)} does.
 */
final class FragmentReads {

  private final MemoryTier memory;
  private final WriteBehind later;
  private final Catalog catalog;
  private final RedisReads redisReads;
  private final HomeReads homeReads;
  private final Neighbours neighbours;
  private final Uses uses;
  private final StoreMeters meters;

  FragmentReads(
      MemoryTier memory,
      WriteBehind later,
      Catalog catalog,
      RedisReads redisReads,
      HomeReads homeReads,
      Neighbours neighbours,
      Uses uses,
      StoreMeters meters) {
    this.memory = memory;
    this.later = later;
    this.catalog = catalog;
    this.redisReads = redisReads;
    this.homeReads = homeReads;
    this.neighbours = neighbours;
    this.uses = uses;
    this.meters = meters;
  }

  /** What is known of a fragment; counts a miss if it is not there. */
  @Nullable Description describe(Name name) {
    Description found = describe(List.of(name)).getFirst();
    if (found == null) {
      meters.miss(CallContext.tenantOfCall());
    }
    return found;
  }

  /** What is known of each, in order; null for each that is not there. */
  List<@Nullable Description> describe(List<Name> names) {
    List<@Nullable Description> found = describeFromMemory(names);
    List<Name> ask = missing(names, found);
    if (!ask.isEmpty()) {
      fill(found, redisReads.describe(ask));
    }
    return found;
  }

  /** As {@link #describe(List)}, null for each that is not in memory. Does not block. */
  List<@Nullable Description> describeFromMemory(List<Name> names) {
    List<@Nullable Description> found = memory.describe(names);
    for (int i = 0; i < names.size(); i++) {
      if (found.get(i) == null) {
        found.set(i, later.describe(names.get(i)));
      }
    }
    return found;
  }

  /** Which of the names there are, in order. */
  List<Boolean> exists(List<Name> names) {
    List<@Nullable Description> here = describeFromMemory(names);
    List<Name> ask = missing(names, here);
    List<Boolean> found = ask.isEmpty() ? List.of() : catalog.exists(ask);
    List<Boolean> present = new ArrayList<>(names.size());
    int next = 0;
    for (Description description : here) {
      present.add(description != null || found.get(next++));
    }
    return present;
  }

  /** Fragments in the order of the names, null for each that is not there. */
  List<@Nullable Fragment> get(List<Name> names, Origin origin) {
    long moment = memory.moment();
    List<@Nullable Fragment> got = getFromMemory(CallContext.tenantOfCall(), names, origin);
    List<Name> ask = missing(names, got);
    if (!ask.isEmpty()) {
      try {
        fill(got, homeReads.load(ask, origin, moment));
      } catch (RuntimeException e) {
        Fragment.closeAll(got);
        throw e;
      }
    }
    return got;
  }

  /**
   * As {@link #get}, with the form in which it lies in Redis, if that is a compressed one: from
   * there, unless it is known to lie there as it is.
   */
  List<@Nullable Fragment> getWithForms(List<Name> names) {
    long moment = memory.moment();
    String tenant = CallContext.tenantOfCall();
    List<@Nullable Fragment> got = plainInMemory(tenant, names);
    List<Name> ask = missing(names, got);
    if (!ask.isEmpty()) {
      uses.count(ask);
      try {
        fill(
            got,
            meters.load(
                tenant,
                ask.size(),
                () -> redisReads.loadWithForms(ask, moment, neighbours::keepsHere)));
      } catch (RuntimeException e) {
        Fragment.closeAll(got);
        throw e;
      }
    }
    return got;
  }

  private List<@Nullable Fragment> plainInMemory(String tenant, List<Name> names) {
    List<@Nullable Description> known = describeFromMemory(names);
    List<@Nullable Fragment> got = new ArrayList<>(names.size());
    for (int i = 0; i < names.size(); i++) {
      Description here = known.get(i);
      got.add(
          here == null || here.zstdBytes() != null
              ? null
              : getFromMemory(tenant, List.of(names.get(i))).getFirst());
    }
    return got;
  }

  /** As {@link #get}, null for each that is not in memory. Does not block. */
  List<@Nullable Fragment> getFromMemory(String tenant, List<Name> names) {
    return getFromMemory(tenant, names, Origin.CLIENT);
  }

  private List<@Nullable Fragment> getFromMemory(String tenant, List<Name> names, Origin origin) {
    List<@Nullable Fragment> got = memory.find(names);
    int hits = 0;
    long bytes = 0;
    for (int i = 0; i < names.size(); i++) {
      Fragment here = got.get(i);
      if (here == null) {
        here = later.find(names.get(i));
        got.set(i, here);
      }
      if (here != null) {
        hits++;
        bytes += here.body().length();
      }
    }
    if (hits > 0) {
      meters.memoryHits(tenant, hits, bytes);
    }
    if (origin == Origin.CLIENT) {
      uses.count(names);
    }
    return got;
  }

  /** See {@link FragmentStore#residentKept}. */
  @Nullable Fragment getKeptFromMemory(String tenant, Name name) {
    Fragment found = memory.find(name);
    if (found != null) {
      meters.memoryHit(tenant, found);
      // The name that is kept anyway, so that this one ends with the read.
      uses.count(found.description().name());
    }
    return found;
  }

  /** Brings fragments into memory that belong here, one at a time. */
  void keep(List<Name> names) {
    for (Name name : names) {
      CallContext.checkDeadline("fetching what belongs here");
      if (memory.describe(name) == null) {
        Fragment.closeAll(get(List.of(name), Origin.HINT));
      }
    }
  }

  private static List<Name> missing(List<Name> names, List<? extends @Nullable Object> found) {
    List<Name> missing = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      if (found.get(i) == null) {
        missing.add(names.get(i));
      }
    }
    return missing;
  }

  private static <T> void fill(List<@Nullable T> found, List<@Nullable T> rest) {
    for (int i = 0, next = 0; i < found.size(); i++) {
      if (found.get(i) == null) {
        found.set(i, rest.get(next++));
      }
    }
  }
}
