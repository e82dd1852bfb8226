package io.membrane.fragment.store;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.fragment.offheap.Payload;
import io.membrane.fragment.store.FragmentStore.Stored;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.tenancy.Policy;
import io.membrane.wire.FragmentClient.FragmentMeta;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Puts of fragments: checks what they agree on, and what their tenant may. Thread-safe; throws what
 * {@link FragmentStore#put} does.
 */
final class FragmentPuts {

  private final RedisWrites writes;
  private final WriteBehind later;
  private final MemoryTier memory;
  private final Tenants tenants;
  private final Duration defaultTtl;
  private final Clock clock;
  private final StoreMeters meters;

  FragmentPuts(
      RedisWrites writes,
      WriteBehind later,
      MemoryTier memory,
      Tenants tenants,
      Duration defaultTtl,
      Clock clock,
      StoreMeters meters) {
    this.writes = writes;
    this.later = later;
    this.memory = memory;
    this.tenants = tenants;
    this.defaultTtl = defaultTtl;
    this.clock = clock;
    this.meters = meters;
  }

  /**
   * Stores a fragment.
   *
   * @param upload what it was uploaded by, which then ends; or null
   */
  Stored put(
      String tenant,
      FragmentKey key,
      FragmentMeta meta,
      @Nullable ContentDigest claimed,
      Payload body,
      @Nullable UploadHold upload) {
    return meters.put(
        tenant,
        body.length(),
        () -> {
          NewName put = checked(tenant, key, meta, claimed, body);
          later.settle(put.name());
          return writes.put(put, body, upload);
        });
  }

  /** Takes a fragment that is written soon after; its digest, or null if it is not taken. */
  @Nullable ContentDigest putLater(
      String tenant,
      FragmentKey key,
      FragmentMeta meta,
      @Nullable ContentDigest claimed,
      Payload body) {
    Policy policy = tenants.policy(tenant);
    if (!later.isOn() || policy.quotaBytes() != null || policy.quotaFragments() != null) {
      return null;
    }
    NewName put = checked(tenant, key, meta, claimed, body);
    Description here = memory.describe(put.name());
    if (here != null) {
      return null;
    }
    Description description =
        new Description(
            put.name(),
            meta,
            put.digest(),
            put.bytes(),
            null,
            put.ttlMs() == 0 ? null : clock.millis() + put.ttlMs(),
            policy.priorityClass(),
            null);
    return later.accept(put, description, body) ? put.digest() : null;
  }

  private NewName checked(
      String tenant,
      FragmentKey key,
      FragmentMeta meta,
      @Nullable ContentDigest claimed,
      Payload body) {
    PutRules.check(meta, body.length());
    ContentDigest digest = body.digest();
    if (claimed != null && !claimed.equals(digest)) {
      throw new MembraneException(
          ErrorCode.DIGEST_MISMATCH,
          "the body's digest is " + digest + ", not " + claimed + "; send it again");
    }
    Policy policy = tenants.policy(tenant);
    return new NewName(
        Name.of(policy.domain(tenant), key),
        tenant,
        policy,
        meta,
        digest,
        body.length(),
        life(meta, policy),
        false,
        List.of());
  }

  /** Milliseconds, 0 for a pin. */
  private long life(FragmentMeta meta, Policy policy) {
    if (meta.pin()) {
      return 0;
    }
    Long seconds = meta.ttlSeconds() == null ? policy.ttlSeconds() : meta.ttlSeconds();
    return seconds == null ? defaultTtl.toMillis() : Math.multiplyExact(seconds, 1000L);
  }
}
