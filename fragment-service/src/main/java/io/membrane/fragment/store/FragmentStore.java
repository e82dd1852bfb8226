package io.membrane.fragment.store;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.fragment.compression.Compression;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.Payload;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.tenancy.Policy;
import io.membrane.wire.FragmentClient.FragmentMeta;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * The fragments of all replicas of this service: in one Redis, and what is read most in the memory
 * of each. See {@link RedisKeys} for how they lie there.
 *
 * <p>A put writes the bytes under an id of their own and then names them, in one script that also
 * charges the tenant, counts the reference and tells the log. It is acknowledged after that. A
 * process that dies in between leaves bytes without a name, which the sweep removes.
 *
 * <p>Methods block and are thread-safe. Besides the errors they name they throw {@link
 * ErrorCode#DEPENDENCY_UNAVAILABLE} and {@link ErrorCode#DEADLINE_EXCEEDED}.
 */
public final class FragmentStore {

  /**
   * Where this store stands and what it does by default.
   *
   * @param node its name in the log; replicas that share a Redis share it
   * @param cluster the node's cluster in the log
   * @param defaultTtl life of a fragment that names none and is not pinned
   * @param logLength entries that the log keeps, at least
   * @param putWindow how long a put may take from its first write to its last
   * @param writeBehind bytes that {@link #putLater} may hold; 0: it takes none
   * @param compression how this replica writes bodies to Redis
   */
  public record Settings(
      String node,
      String cluster,
      Duration defaultTtl,
      long logLength,
      Duration putWindow,
      long writeBehind,
      Compression compression) {}

  /**
   * Answer to a put.
   *
   * @param isNew false if equal bytes were there already
   * @param logPosition log entry that tells of the fragment, or null if the log does not
   */
  public record Stored(boolean isNew, ContentDigest digest, @Nullable String logPosition) {}

  /** How long a stop waits for Redis. */
  private static final Duration DRAIN = Duration.ofSeconds(10);

  private final Catalog catalog;
  private final Bodies bodies;
  private final Tenants tenants;
  private final MemoryTier memory;
  private final RedisRoom room;
  private final Removals removals;
  private final RedisReads reads;
  private final HomeReads homeReads;
  private final FragmentPuts puts;
  private final Neighbours neighbours;
  private final WriteBehind later;
  private final Uses uses = new Uses();
  private final StoreMeters meters;

  private final ResumableUploads uploads;
  private final Housekeeping housekeeping;
  private final Values values;
  private final Inventories inventories;
  private final StoreListing listing;

  /**
   * @param factory Spring Data's Lettuce factory, already started
   * @param standard what holds for a tenant without a policy
   * @param redisCapacity bytes that all may take in Redis; null: what Redis' own limit says
   * @param memory stays the caller's to close
   */
  public FragmentStore(
      RedisConnectionFactory factory,
      Settings settings,
      Policy standard,
      @Nullable Long redisCapacity,
      MemoryTier memory,
      Clock clock,
      MeterRegistry registry) {
    this(factory, settings, standard, redisCapacity, memory, Neighbours.NONE, clock, registry);
  }

  /** The same beside other nodes. */
  public FragmentStore(
      RedisConnectionFactory factory,
      Settings settings,
      Policy standard,
      @Nullable Long redisCapacity,
      MemoryTier memory,
      Neighbours neighbours,
      Clock clock,
      MeterRegistry registry) {
    this.neighbours = neighbours;
    this.memory = memory;
    this.meters = new StoreMeters(registry);
    RedisCalls redis = new RedisCalls(factory, registry);
    this.catalog = new Catalog(redis, settings);
    this.bodies = new Bodies(redis);
    this.tenants = new Tenants(redis, standard, clock);
    this.room = new RedisRoom(catalog, bodies, new RedisCapacity(redis, redisCapacity), meters);
    this.removals = new Removals(bodies, room, memory);
    Forms forms = new Forms(settings.compression(), memory);
    this.reads = new RedisReads(catalog, bodies, memory, forms, removals, meters);
    this.homeReads = new HomeReads(catalog, reads, memory, neighbours, meters);
    RedisWrites writes =
        new RedisWrites(catalog, bodies, room, memory, reads, forms, neighbours, clock);
    this.later = new WriteBehind(writes, meters, settings.writeBehind());
    this.puts =
        new FragmentPuts(writes, later, memory, tenants, settings.defaultTtl(), clock, meters);
    UploadRecords records = new UploadRecords(redis);
    this.uploads = new ResumableUploads(records, bodies, tenants, room, memory, meters, puts::put);
    this.inventories = new Inventories(new NameNotes(redis), clock);
    this.listing = new StoreListing(settings, redis, catalog, reads);
    this.housekeeping =
        new Housekeeping(
            new Follower(catalog, memory, room),
            inventories,
            uses,
            catalog,
            room,
            uploads,
            new Sweep(redis, catalog, bodies, records, settings, meters));
    this.values =
        new Values(
            writes,
            reads,
            removals,
            catalog,
            bodies,
            redis,
            tenants,
            memory,
            room,
            uses,
            settings.defaultTtl(),
            meters);
  }

  /** Begins to follow the other replicas, and to tidy up; does nothing if it has begun. */
  public void start() {
    housekeeping.start();
  }

  /** Writes what {@link #putLater} holds, and ends that, until it begins again. */
  public void stop() {
    later.drain(DRAIN);
    housekeeping.stop();
  }

  /** Learns at once what other replicas have changed; else it takes a moment. */
  public void catchUp() {
    housekeeping.catchUp();
  }

  /** Does at once what is done from time to time. */
  Housekeeping housekeeping() {
    return housekeeping;
  }

  /** What is stored under names that callers choose freely. */
  public Values values() {
    return values;
  }

  /** What is stored, to be compared with what is stored elsewhere. */
  public Inventories inventories() {
    return inventories;
  }

  /** What is stored, to be told to directories. */
  public StoreListing listing() {
    return listing;
  }

  /** Fragments that come in parts. */
  public ResumableUploads uploads() {
    return uploads;
  }

  /** Who may store what. */
  public Tenants tenants() {
    return tenants;
  }

  /** Bytes that everything takes in Redis, as last heard from it. */
  public long redisBytes() {
    return room.bytes();
  }

  /** Bytes that everything may take in Redis; asks Redis, once, if nothing is configured. */
  public long redisCapacity() {
    return room.capacity();
  }

  /** The name of a tenant's fragment. */
  public Name name(String tenant, FragmentKey key) {
    return Name.of(tenants.domain(tenant), key);
  }

  /** The names of a tenant's fragments, in order. */
  public List<Name> names(String tenant, List<FragmentKey> keys) {
    String domain = tenants.domain(tenant);
    return keys.stream().map(key -> Name.of(domain, key)).toList();
  }

  /**
   * Stores a fragment, unless equal bytes are there: then the first metadata stays, and the life
   * grows if it was shorter by more than a sixteenth.
   *
   * @param claimed digest that the caller has computed, or null
   * @param body the bytes; stays the caller's to close
   * @throws MembraneException {@link ErrorCode#DIGEST_MISMATCH}, {@link
   *     ErrorCode#IMPOSSIBLE_REQUEST}, {@link ErrorCode#FRAGMENT_CONFLICT} if other bytes are
   *     there, {@link ErrorCode#QUOTA_EXCEEDED}, {@link ErrorCode#STORAGE_FULL} if Redis has no
   *     room and nothing may go for it; nothing is stored then
   */
  public Stored put(
      String tenant,
      FragmentKey key,
      FragmentMeta meta,
      @Nullable ContentDigest claimed,
      Payload body) {
    return puts.put(tenant, key, meta, claimed, body, null);
  }

  /**
   * Takes a fragment that it writes to Redis soon after: until then it is in this process' memory
   * alone, and can be read from this replica alone. It may turn out that it cannot be stored; then
   * it is dropped, counted and logged. A tenant with a quota has none taken: quotas are hard.
   *
   * @param body stays the caller's to close
   * @return its digest, or null if it is not taken, for there is no room or it may not be: then it
   *     has to be {@link #put}
   * @throws MembraneException {@link ErrorCode#DIGEST_MISMATCH}, {@link
   *     ErrorCode#IMPOSSIBLE_REQUEST}, {@link ErrorCode#FRAGMENT_CONFLICT} if other bytes wait
   */
  public @Nullable ContentDigest putLater(
      String tenant,
      FragmentKey key,
      FragmentMeta meta,
      @Nullable ContentDigest claimed,
      Payload body) {
    return puts.putLater(tenant, key, meta, claimed, body);
  }

  /** Bytes that wait to be written to Redis. */
  public long waitingBytes() {
    return later.bytes();
  }

  /** What is known of a fragment, or null if it is not there. */
  public @Nullable Description describe(Name name) {
    Description found = describe(List.of(name)).getFirst();
    if (found == null) {
      meters.miss(CallContext.tenantOfCall());
    }
    return found;
  }

  /** As {@link #describe(Name)}, in order. */
  public List<@Nullable Description> describe(List<Name> names) {
    List<@Nullable Description> found = describeFromMemory(names);
    List<Name> ask = missing(names, found);
    if (!ask.isEmpty()) {
      fill(found, reads.describe(ask));
    }
    return found;
  }

  /** A fragment, or null if it is not there; the caller closes it. */
  public @Nullable Fragment get(Name name) {
    return get(List.of(name)).getFirst();
  }

  /**
   * Fragments in the order of the names, null for each that is not there; the caller closes them.
   * They are in memory all at once.
   *
   * @throws MembraneException {@link ErrorCode#OVERLOADED} if there is no room for them in time
   */
  public List<@Nullable Fragment> get(List<Name> names) {
    return get(names, Origin.CLIENT);
  }

  /** As {@link #get(List)}, for whom it is. */
  public List<@Nullable Fragment> get(List<Name> names, Origin origin) {
    long moment = memory.moment();
    List<@Nullable Fragment> got = getFromMemory(names, origin);
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
   * As {@link #get(Name)}, from Redis: if it lies there compressed, it comes in that form too,
   * which has been expanded and verified.
   */
  public @Nullable Fragment getWithForm(Name name) {
    long moment = memory.moment();
    uses.count(name);
    String tenant = CallContext.tenantOfCall();
    Fragment waiting = later.find(name);
    if (waiting != null) {
      meters.memoryHit(tenant, waiting);
      return waiting;
    }
    return meters
        .load(tenant, 1, () -> reads.loadWithForms(List.of(name), moment, neighbours::keepsHere))
        .getFirst();
  }

  /** As {@link #describe(List)}, null for each that is not in memory. Does not block. */
  public List<@Nullable Description> describeFromMemory(List<Name> names) {
    List<@Nullable Description> found = memory.describe(names);
    for (int i = 0; i < names.size(); i++) {
      if (found.get(i) == null) {
        found.set(i, later.describe(names.get(i)));
      }
    }
    return found;
  }

  /** As {@link #get(List)}, null for each that is not in memory. Does not block. */
  public List<@Nullable Fragment> getFromMemory(List<Name> names) {
    return getFromMemory(names, Origin.CLIENT);
  }

  private List<@Nullable Fragment> getFromMemory(List<Name> names, Origin origin) {
    return getFromMemory(CallContext.tenantOfCall(), names, origin);
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

  /**
   * Brings fragments into memory that another node says belong here, one at a time; ends early at
   * the deadline of the call.
   */
  public void keep(List<Name> names) {
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

  /** A fragment that is in memory, or null; does not block. */
  public @Nullable Fragment resident(String tenant, FragmentKey key) {
    String domain = tenants.knownDomain(tenant);
    if (domain == null) {
      return null;
    }
    return getFromMemory(tenant, List.of(Name.of(domain, key)), Origin.CLIENT).getFirst();
  }

  /** Which of the names there are, in order. Counts as no use. */
  public List<Boolean> exists(List<Name> names) {
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

  /**
   * Removes a fragment; one that is not there is announced as removed all the same, so that a
   * repeated call completes one that failed half-way.
   *
   * @return log entry that tells of it
   * @throws MembraneException {@link ErrorCode#FORBIDDEN} if another tenant has stored it
   */
  public @Nullable String delete(String tenant, FragmentKey key) {
    Name name = name(tenant, key);
    later.settle(name);
    return removals.remove(name, () -> catalog.delete(name, tenant)).logPosition();
  }

  /**
   * Keeps a tenant's fragments from eviction, in Redis, until a pin ends; not from their own end.
   * What the pin of this name kept before is kept no more.
   *
   * @param lasts at least 1 ms
   * @return which are kept, in order: those that are there and the tenant's own
   */
  public List<Boolean> pin(String tenant, String pin, Duration lasts, List<FragmentKey> keys) {
    List<Name> names = names(tenant, keys);
    names.forEach(later::settle);
    return catalog.pin(tenant, pin, lasts, names);
  }

  /** Ends a pin; does nothing if there is none. */
  public void unpin(String tenant, String pin) {
    catalog.pin(tenant, pin, Duration.ZERO, List.of());
  }

  /** Room to receive a payload, of {@code bytes} bytes or, with 0, of any length. */
  public Claim claim(long bytes) {
    return memory.claim(bytes);
  }

  /** More room for a claim. */
  public void grow(Claim claim, long bytes) {
    memory.grow(claim, bytes);
  }
}
