package io.membrane.fragment.store;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.Payload;
import io.membrane.leadership.Leadership;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.tenancy.Policy;
import io.membrane.wire.FragmentClient.FragmentMeta;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
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
   * Answer to a put.
   *
   * @param isNew false if equal bytes were there already
   * @param logPosition log entry that tells of the fragment, or null if the log does not
   */
  public record Stored(boolean isNew, ContentDigest digest, @Nullable String logPosition) {}

  /** How long a stop waits for Redis. */
  private static final Duration DRAIN = Duration.ofSeconds(10);

  private static final Duration SWEEP_EVERY = Duration.ofMinutes(10);

  private final StoreParts parts;

  /**
   * @param factory Spring Data's Lettuce factory, already started
   * @param standard what holds for a tenant without a policy
   * @param redisCapacity bytes that all may take in Redis; null: what Redis' own limit says
   * @param memory stays the caller's to close
   */
  public FragmentStore(
      RedisConnectionFactory factory,
      StoreSettings settings,
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
      StoreSettings settings,
      Policy standard,
      @Nullable Long redisCapacity,
      MemoryTier memory,
      Neighbours neighbours,
      Clock clock,
      MeterRegistry registry) {
    this.parts =
        new StoreParts(
            factory, settings, standard, redisCapacity, memory, neighbours, clock, registry);
  }

  /** Begins as the only replica. */
  public void start() {
    start(Leadership.ALONE, SWEEP_EVERY);
  }

  /**
   * Begins to follow the other replicas, and to tidy up; does nothing if it has begun.
   *
   * @param sweeps whether this replica looks for what has been left behind
   * @param sweepEvery how long it rests between two such looks
   */
  public void start(Leadership sweeps, Duration sweepEvery) {
    parts.housekeeping.start(sweeps, sweepEvery);
  }

  /** Writes what {@link #putLater} holds, and ends that, until it begins again. */
  public void stop() {
    parts.later.drain(DRAIN);
    parts.housekeeping.stop();
  }

  /** Learns at once what other replicas have changed; else it takes a moment. */
  public void catchUp() {
    parts.housekeeping.catchUp();
  }

  /** Does at once what is done from time to time. */
  Housekeeping housekeeping() {
    return parts.housekeeping;
  }

  /** What is stored under names that callers choose freely. */
  public Values values() {
    return parts.values;
  }

  /** What is stored, to be compared with what is stored elsewhere. */
  public Inventories inventories() {
    return parts.inventories;
  }

  /** What is stored, to be told to directories. */
  public StoreListing listing() {
    return parts.listing;
  }

  /** Fragments that come in parts. */
  public ResumableUploads uploads() {
    return parts.uploads;
  }

  /** Who may store what. */
  public Tenants tenants() {
    return parts.tenants;
  }

  /** Bytes that everything takes in Redis, as last heard from it. */
  public long redisBytes() {
    return parts.room.bytes();
  }

  /** Bytes that everything may take in Redis; asks Redis, once, if nothing is configured. */
  public long redisCapacity() {
    return parts.room.capacity();
  }

  /** The name of a tenant's fragment. */
  public Name name(String tenant, FragmentKey key) {
    return Name.of(parts.tenants.domain(tenant), key);
  }

  /** The names of a tenant's fragments, in order. */
  public List<Name> names(String tenant, List<FragmentKey> keys) {
    String domain = parts.tenants.domain(tenant);
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
    return parts.puts.put(tenant, key, meta, claimed, body, null);
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
    return parts.puts.putLater(tenant, key, meta, claimed, body);
  }

  /** Bytes that wait to be written to Redis. */
  public long waitingBytes() {
    return parts.later.bytes();
  }

  /** What is known of a fragment, or null if it is not there. */
  public @Nullable Description describe(Name name) {
    return parts.reads.describe(name);
  }

  /** As {@link #describe(Name)}, in order. */
  public List<@Nullable Description> describe(List<Name> names) {
    return parts.reads.describe(names);
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
    return parts.reads.get(names, origin);
  }

  /**
   * As {@link #get(List)}; what lies in Redis compressed comes in that form too, which has been
   * expanded and verified.
   */
  public List<@Nullable Fragment> getWithForms(List<Name> names) {
    return parts.reads.getWithForms(names);
  }

  /** As {@link #describe(List)}, null for each that is not in memory. Does not block. */
  public List<@Nullable Description> describeFromMemory(List<Name> names) {
    return parts.reads.describeFromMemory(names);
  }

  /** As {@link #get(List)}, null for each that is not in memory. Does not block. */
  public List<@Nullable Fragment> getFromMemory(List<Name> names) {
    return parts.reads.getFromMemory(CallContext.tenantOfCall(), names);
  }

  /**
   * Brings fragments into memory that another node says belong here, one at a time; ends early at
   * the deadline of the call.
   */
  public void keep(List<Name> names) {
    parts.reads.keep(names);
  }

  /** A fragment that is in memory, or null; does not block. */
  public @Nullable Fragment resident(String tenant, FragmentKey key) {
    String domain = parts.tenants.knownDomain(tenant);
    return domain == null
        ? null
        : parts.reads.getFromMemory(tenant, List.of(Name.of(domain, key))).getFirst();
  }

  /**
   * As {@link #resident}, unless it is on its way to Redis; what is not found counts as not asked
   * for.
   */
  public @Nullable Fragment residentKept(String tenant, FragmentKey key) {
    String domain = parts.tenants.knownDomain(tenant);
    return domain == null ? null : parts.reads.getKeptFromMemory(tenant, Name.of(domain, key));
  }

  /** Which of the names there are, in order. Counts as no use. */
  public List<Boolean> exists(List<Name> names) {
    return parts.reads.exists(names);
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
    parts.later.settle(name);
    return parts.removals.remove(name, () -> parts.catalog.delete(name, tenant)).logPosition();
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
    names.forEach(parts.later::settle);
    return parts.catalog.pin(tenant, pin, lasts, names);
  }

  /** Ends a pin; does nothing if there is none. */
  public void unpin(String tenant, String pin) {
    parts.catalog.pin(tenant, pin, Duration.ZERO, List.of());
  }

  /** Room to receive a payload, of {@code bytes} bytes or, with 0, of any length. */
  public Claim claim(long bytes) {
    return parts.memory.claim(bytes);
  }

  /** More room for a claim. */
  public void grow(Claim claim, long bytes) {
    parts.memory.grow(claim, bytes);
  }
}
