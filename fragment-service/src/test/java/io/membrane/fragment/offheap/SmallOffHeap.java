package io.membrane.fragment.offheap;

import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.random.RandomGenerator;

/** Memory for tests, in segments of 4 MiB so that little of it has several. */
final class SmallOffHeap {

  static final int UNIT = Memory.UNIT_BYTES;
  static final int LARGEST = UNIT << BuddyAllocator.MAX_ORDER;

  private SmallOffHeap() {}

  static OffHeap of(long capacityBytes) {
    return new OffHeap(capacityBytes, false, LARGEST / UNIT);
  }

  static Claim claim(OffHeap offHeap, long bytes) {
    return Objects.requireNonNull(offHeap.tryClaim(bytes), "no room for " + bytes + " bytes");
  }

  static Payload payload(OffHeap offHeap, byte[] bytes) {
    try (Claim claim = claim(offHeap, bytes.length)) {
      claim.append(ByteBuffer.wrap(bytes));
      return claim.commit();
    }
  }

  static byte[] read(Payload payload) {
    ByteBuffer all = ByteBuffer.allocate((int) payload.length());
    payload.forEach(0, payload.length(), all::put);
    return all.array();
  }

  static long units(long bytes) {
    return (bytes + UNIT - 1) / UNIT;
  }

  /** Mostly small, sometimes some MiB. */
  static int length(RandomGenerator random) {
    return random.nextInt(1 << (1 + random.nextInt(22)));
  }
}
