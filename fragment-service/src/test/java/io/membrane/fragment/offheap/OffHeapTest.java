package io.membrane.fragment.offheap;

import static io.membrane.fragment.offheap.SmallOffHeap.LARGEST;
import static io.membrane.fragment.offheap.SmallOffHeap.UNIT;
import static io.membrane.fragment.offheap.SmallOffHeap.claim;
import static io.membrane.fragment.offheap.SmallOffHeap.payload;
import static io.membrane.fragment.offheap.SmallOffHeap.read;
import static io.membrane.fragment.offheap.SmallOffHeap.units;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.membrane.fixture.Seeds;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OffHeapTest {

  private static final long CAPACITY = 3L * LARGEST + 5 * UNIT + 17;

  @Test
  void payloadsKeepTheirBytesWhateverElseIsWrittenAndFreed() {
    Seeds.forAll(
        20,
        random -> {
          try (OffHeap offHeap = SmallOffHeap.of(CAPACITY)) {
            List<Written> payloads = new ArrayList<>();
            for (int step = 0; step < 150; step++) {
              step(random, offHeap, payloads);
              assertThat(offHeap.usedBytes())
                  .isEqualTo(payloads.stream().mapToLong(p -> units(p.length) * UNIT).sum());
              assertThat(offHeap.payloadBytes())
                  .isEqualTo(payloads.stream().mapToLong(Written::length).sum());
              assertThat(offHeap.claims()).isZero();
            }
            while (!payloads.isEmpty()) {
              closeOne(random, payloads);
            }
            assertThat(offHeap.usedBytes()).isZero();
            assertThat(offHeap.payloadBytes()).isZero();
            try (Claim all = claim(offHeap, offHeap.capacityBytes())) {
              assertThat(all.remaining()).isEqualTo(offHeap.capacityBytes());
            }
          }
        });
  }

  private static void step(RandomGenerator random, OffHeap offHeap, List<Written> payloads) {
    int action = payloads.isEmpty() ? 0 : random.nextInt(5);
    if (action < 2) {
      int length = SmallOffHeap.length(random);
      long free = offHeap.capacityBytes() - offHeap.usedBytes();
      Claim claim = offHeap.tryClaim(length);
      assertThat(claim != null).isEqualTo(units(length) * UNIT <= free);
      if (claim != null) {
        write(random, claim, length, payloads);
      }
    } else if (action == 2) {
      Written written = payloads.get(random.nextInt(payloads.size()));
      written.leases.add(written.leases.getFirst().retain());
    } else {
      closeOne(random, payloads);
    }
  }

  private static void write(
      RandomGenerator random, Claim claim, int claimed, List<Written> payloads) {
    long seed = random.nextLong();
    int length = random.nextInt(4) == 0 ? random.nextInt(claimed + 1) : claimed;
    try (claim) {
      ByteBuffer bytes = ByteBuffer.wrap(bytes(seed, length));
      while (bytes.hasRemaining()) {
        int n = 1 + random.nextInt(bytes.remaining());
        claim.append(bytes.slice(bytes.position(), n));
        bytes.position(bytes.position() + n);
      }
      if (random.nextInt(5) > 0) {
        payloads.add(new Written(seed, length, new ArrayList<>(List.of(claim.commit()))));
      }
    }
  }

  private static void closeOne(RandomGenerator random, List<Written> payloads) {
    Written written = payloads.get(random.nextInt(payloads.size()));
    try (Payload lease = written.leases.removeLast()) {
      assertThat(read(lease)).isEqualTo(bytes(written.seed, written.length));
    }
    if (written.leases.isEmpty()) {
      payloads.remove(written);
    }
  }

  /** A payload that is known by its seed. */
  private record Written(long seed, int length, List<Payload> leases) {}

  private static byte[] bytes(long seed, int length) {
    return Seeds.bytes(new Random(seed), length);
  }

  @Test
  void exactlyAllThatIsFreeCanBeClaimedFromAMemoryOfHoles() {
    byte[] bytes = Seeds.bytes(new Random(1), LARGEST);
    try (OffHeap offHeap = SmallOffHeap.of(2L * LARGEST)) {
      List<Payload> small = new ArrayList<>();
      for (int i = 0; i < 2 * LARGEST / UNIT; i++) {
        small.add(payload(offHeap, new byte[UNIT]));
      }
      assertThat(offHeap.tryClaim(1)).isNull();
      for (int i = 0; i < small.size(); i += 2) {
        small.get(i).close();
      }
      assertThat(offHeap.tryClaim(LARGEST + 1)).isNull();
      try (Payload all = payload(offHeap, bytes)) {
        assertThat(read(all)).isEqualTo(bytes);
        assertThat(offHeap.usedBytes()).isEqualTo(offHeap.capacityBytes());
      }
      small.forEach(Payload::close);
      assertThat(offHeap.usedBytes()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        0,
        1,
        UNIT - 1,
        UNIT,
        UNIT + 1,
        LARGEST - 1,
        LARGEST,
        LARGEST + 1,
        3 * LARGEST + 5 * UNIT
      })
  void aPayloadOfAnyLengthWastesLessThanAUnit(int length) {
    byte[] bytes = bytes(length, length);
    try (OffHeap offHeap = SmallOffHeap.of(CAPACITY);
        Payload payload = payload(offHeap, bytes)) {
      assertThat(read(payload)).isEqualTo(bytes);
      assertThat(offHeap.usedBytes() - length).isBetween(0L, UNIT - 1L);
      assertThat(offHeap.payloadBytes()).isEqualTo(length);
    }
  }

  @Test
  void aByteMoreThanThereIsFindsNoRoom() {
    try (OffHeap offHeap = SmallOffHeap.of(CAPACITY)) {
      assertThat(offHeap.capacityBytes()).isEqualTo(CAPACITY - 17);
      assertThat(offHeap.tryClaim(offHeap.capacityBytes() + 1)).isNull();
      assertThat(offHeap.tryClaim(Long.MAX_VALUE)).isNull();
      assertThat(offHeap.usedBytes()).isZero();
      assertThatExceptionOfType(IllegalArgumentException.class)
          .isThrownBy(() -> offHeap.tryClaim(-1));
    }
  }

  @Test
  void memoryThatIsNotThereStopsTheStart() {
    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(() -> new OffHeap(1L << 42))
        .withMessageContaining("4398046511104 bytes for payloads")
        .withMessageContaining("do not fit");
    for (long capacity : new long[] {Long.MIN_VALUE, 0, UNIT - 1, Long.MAX_VALUE}) {
      assertThatExceptionOfType(IllegalArgumentException.class)
          .isThrownBy(() -> new OffHeap(capacity));
    }
  }

  @Test
  void onceClosedThereIsNoRoomAndLeasesStayUsableToTheirEnd() {
    OffHeap offHeap = SmallOffHeap.of(LARGEST);
    Payload payload = payload(offHeap, new byte[] {1, 2, 3});
    Claim claim = claim(offHeap, 3);
    ByteBuffer view = payload.buffers(0, 3)[0];

    offHeap.close();
    offHeap.close();

    assertThat(offHeap.tryClaim(0)).isNull();
    assertThat(claim.grow(1)).isFalse();
    claim.append(ByteBuffer.wrap(new byte[] {4, 5, 6}));
    Payload late = claim.commit();
    assertThat(read(late)).containsExactly(4, 5, 6);
    late.close();
    assertThat(read(payload)).containsExactly(1, 2, 3);
    assertThat(view.get(0)).isEqualTo((byte) 1);
    payload.close();
    assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> view.get(0));
    assertThat(offHeap.usedBytes()).isZero();
  }
}
