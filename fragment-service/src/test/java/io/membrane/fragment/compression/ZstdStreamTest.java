package io.membrane.fragment.compression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.github.luben.zstd.Zstd;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.Kv;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies that are put together from frames. The oracle is the library in one piece. */
class ZstdStreamTest {

  private final Random random = new Random(83);

  @Test
  void rawAndCompressedFramesInAnyOrderBecomeWhatTheyWere() throws IOException {
    for (int round = 0; round < 200; round++) {
      ByteArrayOutputStream plain = new ByteArrayOutputStream();
      ByteArrayOutputStream sent = new ByteArrayOutputStream();
      for (int piece = random.nextInt(1, 6); piece > 0; piece--) {
        byte[] bytes = Kv.bytes(random, random.nextInt(1 << random.nextInt(1, 20)));
        plain.write(bytes);
        sent.write(random.nextBoolean() ? raw(bytes) : Zstd.compress(bytes));
      }
      assertThat(expanded(sent.toByteArray())).isEqualTo(plain.toByteArray());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 131_071, 131_072, 131_073, 262_144, 400_000})
  void aRawFrameCostsSixBytesAndThreeForEachBlock(int length) {
    byte[] bytes = Seeds.bytes(random, length);
    byte[] frame = raw(bytes);
    assertThat(frame).hasSize(length + 6 + 3 * Math.max(1, Math.ceilDiv(length, 131_072)));
    byte[] back = new byte[length];
    assertThat(Zstd.decompress(back, frame)).isEqualTo(length);
    assertThat(back).isEqualTo(bytes);
  }

  @Test
  void bytesAreWrappedWhereTheyLieAndTheirBufferIsNotMoved() {
    ByteBuffer bytes = ByteBuffer.allocateDirect(300_000).position(100).limit(200_100);
    List<ByteBuffer> sent = new ArrayList<>();
    ZstdStream.addRaw(bytes, sent);
    assertThat(bytes.remaining()).isEqualTo(200_000);
    assertThat(sent).filteredOn(ByteBuffer::isDirect).hasSize(2);
  }

  @Test
  void aStreamThatIsCutAnywhereIsNoZstd() throws IOException {
    byte[] first = raw(Seeds.bytes(random, 300));
    byte[] second = Zstd.compress(Kv.bytes(random, 2000));
    byte[] whole = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, whole, first.length, second.length);
    for (int length = 1; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      if (length == first.length) {
        assertThat(expanded(cut)).hasSize(300);
      } else {
        assertThatExceptionOfType(MalformedZstdException.class)
            .as("%d of %d bytes", length, whole.length)
            .isThrownBy(() -> expanded(cut));
      }
    }
  }

  @Test
  void anythingElseIsNoZstd() {
    assertThatExceptionOfType(MalformedZstdException.class)
        .isThrownBy(() -> expanded(new byte[] {0x4D, 0x42, 0x46, 0x31, 0, 0, 0, 0}));
  }

  private static byte[] raw(byte[] bytes) {
    List<ByteBuffer> sent = new ArrayList<>();
    ZstdStream.addRaw(ByteBuffer.wrap(bytes), sent);
    ByteBuffer all = ByteBuffer.allocate(sent.stream().mapToInt(ByteBuffer::remaining).sum());
    sent.forEach(all::put);
    return all.array();
  }

  private static byte[] expanded(byte[] sent) throws IOException {
    try (InputStream in = new ZstdStream(new ByteArrayInputStream(sent))) {
      return in.readAllBytes();
    }
  }
}
