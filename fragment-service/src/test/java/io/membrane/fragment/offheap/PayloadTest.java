package io.membrane.fragment.offheap;

import static io.membrane.fragment.offheap.SmallOffHeap.LARGEST;
import static io.membrane.fragment.offheap.SmallOffHeap.UNIT;
import static io.membrane.fragment.offheap.SmallOffHeap.payload;
import static io.membrane.fragment.offheap.SmallOffHeap.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.membrane.block.ContentDigest;
import io.membrane.fixture.Seeds;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PayloadTest {

  private final OffHeap offHeap = SmallOffHeap.of(2L * LARGEST);

  @AfterEach
  void everythingIsGivenBack() {
    assertThat(offHeap.usedBytes()).isZero();
    offHeap.close();
  }

  @Test
  void anyRangeIsReadInEveryWay() {
    byte[] bytes = Seeds.bytes(new Random(1), LARGEST);
    List<Payload> holes = new ArrayList<>();
    for (int i = 0; i < 2 * LARGEST / UNIT; i++) {
      holes.add(payload(offHeap, new byte[UNIT]));
    }
    for (int i = 0; i < holes.size(); i += 2) {
      holes.get(i).close();
    }
    try (Payload payload = payload(offHeap, bytes)) {
      assertThat(payload.buffers(0, bytes.length)).hasSizeGreaterThan(1);
      Seeds.forAll(20, random -> readsRange(payload, bytes, random));
      assertThat(payload.digest()).isEqualTo(ContentDigest.of(bytes));
    }
    holes.forEach(Payload::close);
  }

  private static void readsRange(Payload payload, byte[] bytes, RandomGenerator random) {
    int from = random.nextInt(bytes.length + 1);
    int length = random.nextInt(bytes.length - from + 1);
    byte[] expected = Arrays.copyOfRange(bytes, from, from + length);
    ByteBuffer joined = ByteBuffer.allocate(length);
    for (ByteBuffer buffer : payload.buffers(from, length)) {
      assertThat(buffer.isReadOnly()).isTrue();
      assertThat(buffer.hasRemaining()).isTrue();
      joined.put(buffer);
    }
    assertThat(joined.array()).isEqualTo(expected);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    writeTo(payload, out, from, length);
    assertThat(out.toByteArray()).isEqualTo(expected);
  }

  private static void writeTo(Payload payload, OutputStream out, long from, long length) {
    try {
      payload.writeTo(out, from, length);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aMebibyteOfAFreshMemoryIsOneBuffer() {
    try (Payload payload = payload(offHeap, new byte[1 << 20])) {
      assertThat(payload.buffers(0, 1 << 20)).hasSize(1);
    }
  }

  @Test
  void nothingHasADigestToo() {
    try (Payload empty = payload(offHeap, new byte[0])) {
      assertThat(empty.digest()).isEqualTo(ContentDigest.of(new byte[0]));
      assertThat(empty.buffers(0, 0)).isEmpty();
    }
  }

  @Test
  void bytesStayUntilTheLastLeaseIsClosed() {
    Payload first = payload(offHeap, new byte[] {1, 2, 3});
    Payload second = first.retain();
    first.close();
    first.close();
    assertThat(offHeap.usedBytes()).isEqualTo(UNIT);
    assertThat(read(second)).containsExactly(1, 2, 3);
    second.close();
    assertThat(offHeap.usedBytes()).isZero();
  }

  @Test
  void aClosedLeaseGivesNothingEvenWhileAnotherIsOpen() {
    Payload closed = payload(offHeap, new byte[] {1, 2, 3});
    try (Payload open = closed.retain()) {
      closed.close();
      assertThat(closed.length()).isEqualTo(3);
      refused(closed::retain);
      refused(() -> closed.buffers(0, 3));
      refused(() -> closed.forEach(0, 3, buffer -> {}));
      refused(() -> closed.writeTo(OutputStream.nullOutputStream(), 0, 3));
      refused(closed::digest);
      assertThat(open.length()).isEqualTo(3);
    }
    refused(closed::digest);
  }

  @Test
  void memoryStaysUntilTheReadThatMeetsACloseIsOver() {
    Payload payload = payload(offHeap, new byte[] {1, 2, 3});
    payload.forEach(
        0,
        3,
        buffer -> {
          payload.close();
          assertThat(offHeap.usedBytes()).isEqualTo(UNIT);
          assertThat(buffer.get(2)).isEqualTo((byte) 3);
        });
    assertThat(offHeap.usedBytes()).isZero();
  }

  @Test
  void rangesOutsideThePayloadAreRefused() {
    try (Payload payload = payload(offHeap, new byte[10])) {
      for (long[] range : new long[][] {{-1, 1}, {0, 11}, {10, 1}, {5, -1}, {1, Long.MAX_VALUE}}) {
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
            .isThrownBy(() -> payload.buffers(range[0], range[1]));
      }
      assertThat(payload.buffers(10, 0)).isEmpty();
    }
  }

  private static void refused(ThrowingCallable call) {
    assertThatExceptionOfType(IllegalStateException.class).isThrownBy(call);
  }
}
