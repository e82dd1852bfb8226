package io.membrane.fragment.compression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdOutputStream;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.Kv;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.OffHeap;
import io.membrane.fragment.offheap.Payload;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The oracle is the library in one piece on the heap. */
class ZstdCodecTest {

  private final Random random = new Random(71);
  private final OffHeap offHeap = new OffHeap(192 << 20, true);
  private final ZstdCodec codec = new ZstdCodec(2);

  @AfterEach
  void nothingIsHeld() {
    assertThat(offHeap.usedBytes()).isZero();
    assertThat(offHeap.leaks()).isZero();
    offHeap.close();
  }

  @Test
  void whatIsCompressedExpandsAgainHereAndByTheOracle() throws IOException {
    for (int round = 0; round < 200; round++) {
      // Pieces of memory that do not adjoin, so that frames and payloads go over their ends.
      try (Payload hole = payload(new byte[1 + random.nextInt(50_000)])) {
        byte[] plain = plain(1 + random.nextInt(1 << (1 + random.nextInt(20))));
        byte[] frame = compress(plain);
        assertThat(Zstd.decompress(frame, plain.length)).isEqualTo(plain);
        assertThat(Zstd.getFrameContentSize(frame)).isEqualTo(plain.length);
        assertThat(expand(frame, plain.length)).isEqualTo(plain);
        assertThat(hole.length()).isPositive();
      }
    }
  }

  @Test
  void aPayloadOf64MibIsReadBackWhole() throws IOException {
    byte[] piece = Kv.bytes(random, 1 << 20);
    try (Claim claim = claim(64L << 20)) {
      for (int i = 0; i < 64; i++) {
        piece[i] ^= 1;
        claim.append(ByteBuffer.wrap(piece));
      }
      try (Payload plain = claim.commit();
          Claim room = claim(plain.length() * 7 / 8)) {
        assertThat(codec.compress(plain, room)).isTrue();
        try (Payload frame = room.commit();
            Claim back = claim(plain.length());
            Expansion expansion = codec.expand(frame)) {
          assertThat(frame.length()).isLessThan(plain.length() * 3 / 4);
          while (back.remaining() > 0) {
            back.readFrom(expansion);
          }
          assertThat(expansion.hasEnded()).isTrue();
          try (Payload same = back.commit()) {
            assertThat(same.digest()).isEqualTo(plain.digest());
          }
        }
      }
    }
  }

  @Test
  void equalBytesBecomeEqualFramesHoweverTheyLieInMemory() {
    for (int round = 0; round < 60; round++) {
      byte[] plain = plain(1 + random.nextInt(3 << 20));
      byte[] frame = compress(plain);
      List<Claim> holes = new ArrayList<>();
      List<Claim> kept = new ArrayList<>();
      while (offHeap.usedBytes() < offHeap.capacityBytes() - (3 << 20)) {
        kept.add(claim(4096L << random.nextInt(8)));
        holes.add(claim(4096L << random.nextInt(10)));
      }
      holes.forEach(Claim::close);
      byte[] again = compress(plain);
      kept.forEach(Claim::close);
      assertThat(again).isEqualTo(frame);
    }
  }

  @Test
  void aFrameThatDoesNotFitIsToldToBeNone() {
    byte[] noise = Seeds.bytes(random, 100_000);
    try (Payload plain = payload(noise);
        Claim room = claim(99_000)) {
      assertThat(codec.compress(plain, room)).isFalse();
    }
  }

  @Test
  void framesOneBehindTheOtherAreOneText() throws IOException {
    byte[] one = plain(3000);
    byte[] two = plain(70_000);
    byte[] skipped = {0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3};
    byte[] frames =
        join(Zstd.compress(one), skipped, Zstd.compress(new byte[0]), Zstd.compress(two));
    assertThat(expand(frames, 73_000)).isEqualTo(join(one, two));
  }

  @Test
  void aFrameThatTellsNoLengthIsReadToo() throws IOException {
    byte[] plain = plain(300_000);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZstdOutputStream zstd = new ZstdOutputStream(out, 3)) {
      zstd.write(plain);
    }
    assertThat(Zstd.getFrameContentSize(out.toByteArray())).isNotEqualTo(plain.length);
    assertThat(expand(out.toByteArray(), plain.length)).isEqualTo(plain);
  }

  @Test
  void whateverIsCutIsNotTakenForTheWhole() {
    byte[] plain = plain(5000);
    byte[] frame = Zstd.compress(plain);
    for (int length = 0; length < frame.length; length += 1 + random.nextInt(40)) {
      byte[] cut = Arrays.copyOf(frame, length);
      assertThatExceptionOfType(MalformedZstdException.class)
          .as("%d bytes", length)
          .isThrownBy(() -> expand(cut, plain.length + 1));
    }
  }

  @Test
  void whatStandsBehindTheLastFrameIsAnError() {
    byte[] plain = plain(5000);
    for (byte[] rest : List.of(new byte[1], new byte[] {0x28}, Seeds.bytes(random, 100))) {
      assertThatExceptionOfType(MalformedZstdException.class)
          .isThrownBy(() -> expand(join(Zstd.compress(plain), rest), plain.length));
    }
  }

  @Test
  void damagedFramesAreAnErrorOrOtherBytesAndNeverMoreThanAskedFor() {
    byte[] plain = plain(20_000);
    byte[] frame = Zstd.compress(plain);
    for (int round = 0; round < 500; round++) {
      byte[] damaged = frame.clone();
      damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      try {
        assertThat(expand(damaged, plain.length)).hasSizeLessThanOrEqualTo(plain.length);
      } catch (IOException e) {
        assertThat(e).isInstanceOf(MalformedZstdException.class);
      }
    }
  }

  @Test
  void aBombIsExpandedNoFurtherThanIsAskedFor() throws IOException {
    byte[] bomb = Zstd.compress(new byte[100 << 20]);
    assertThat(bomb).hasSizeLessThan(20_000);
    try (Payload encoded = payload(bomb);
        Claim room = claim(1000);
        Expansion expansion = codec.expand(encoded)) {
      room.readFrom(expansion);
      assertThat(room.remaining()).isZero();
      assertThat(expansion.hasEnded()).isFalse();
    }
  }

  @Test
  void aWindowThatWantsMoreThan8MibIsRefused() throws IOException {
    byte[] plain = plain(100_000);
    for (int log : new int[] {23, 24, 27}) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      try (ZstdOutputStream zstd = new ZstdOutputStream(out, 3)) {
        zstd.setLong(log).write(plain);
      }
      if (log <= ZstdCodec.MAX_WINDOW_LOG) {
        assertThat(expand(out.toByteArray(), plain.length)).isEqualTo(plain);
      } else {
        assertThatExceptionOfType(MalformedZstdException.class)
            .isThrownBy(() -> expand(out.toByteArray(), plain.length));
      }
    }
  }

  @Test
  void aFrameThatWantsADictionaryIsRefused() {
    byte[] dictionary = plain(2000);
    try (ZstdCompressCtx encoder = new ZstdCompressCtx().loadDict(dictionary)) {
      byte[] frame = encoder.compress(Arrays.copyOf(dictionary, 1500));
      assertThatExceptionOfType(MalformedZstdException.class).isThrownBy(() -> expand(frame, 1500));
    }
  }

  @Test
  void manyAtATimeTakeTurns() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Boolean>> all = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        byte[] plain = plain(50_000 + i);
        all.add(threads.submit(() -> Arrays.equals(expand(compress(plain), plain.length), plain)));
      }
      for (Future<Boolean> one : all) {
        assertThat(one.get()).isTrue();
      }
    }
  }

  private byte[] plain(int length) {
    return Kv.bytes(random, length);
  }

  private byte[] compress(byte[] plain) {
    try (Payload payload = payload(plain);
        Claim room = claim(Zstd.compressBound(plain.length))) {
      assertThat(codec.compress(payload, room)).isTrue();
      try (Payload frame = room.commit()) {
        return bytes(frame);
      }
    }
  }

  /** All that comes, to the end. */
  private byte[] expand(byte[] encoded, int most) throws IOException {
    try (Payload payload = payload(encoded);
        Claim room = claim(most);
        Expansion expansion = codec.expand(payload)) {
      boolean goesOn = true;
      while (goesOn && room.remaining() > 0) {
        goesOn = room.readFrom(expansion) >= 0;
      }
      if (goesOn) {
        expansion.hasEnded();
      }
      try (Payload plain = room.commit()) {
        return bytes(plain);
      }
    }
  }

  private Claim claim(long bytes) {
    return Objects.requireNonNull(offHeap.tryClaim(bytes));
  }

  private Payload payload(byte[] bytes) {
    try (Claim claim = claim(bytes.length)) {
      claim.append(ByteBuffer.wrap(bytes));
      return claim.commit();
    }
  }

  private static byte[] bytes(Payload payload) {
    ByteBuffer all = ByteBuffer.allocate((int) payload.length());
    payload.forEach(0, payload.length(), all::put);
    return all.array();
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }
}
