package io.membrane.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.fixture.Seeds;
import io.membrane.wire.FragmentClient.FragmentMeta;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class FramesTest {

  @Test
  void framesReadBackInOrder() {
    Seeds.forAll(
        50,
        random -> {
          List<Frame> frames = frames(random, random.nextInt(0, 6));
          List<Frame> back = read(write(frames), 1 << 20, 100);
          assertThat(back).hasSameSizeAs(frames);
          for (int i = 0; i < frames.size(); i++) {
            assertThat(back.get(i).status()).isEqualTo(frames.get(i).status());
            assertThat(back.get(i).header()).isEqualTo(frames.get(i).header());
            assertThat(back.get(i).body()).isEqualTo(frames.get(i).body());
          }
        });
  }

  @Test
  void aBodyThatIsCutAnywhereIsReportedAsCut() {
    Seeds.forAll(
        10,
        random -> {
          byte[] whole = write(frames(random, 3));
          int cut = random.nextInt(whole.length);
          assertThat(failure(Arrays.copyOf(whole, cut), 1 << 20, 100).code())
              .isEqualTo(ErrorCode.MALFORMED_REQUEST);
        });
  }

  @Test
  void bytesThatAreNoFrameAreRefused() {
    assertThat(
            failure(
                "no frame, surely; not even nearly"
                    .getBytes(java.nio.charset.StandardCharsets.US_ASCII),
                100,
                10))
        .hasMessageContaining("MBF1");
  }

  @Test
  void aPayloadPastTheLimitIsRefusedBeforeItIsRead() {
    byte[] whole = write(frames(new java.util.Random(1), 1));
    assertThat(failure(whole, 0, 10).code()).isEqualTo(ErrorCode.TOO_LARGE);
  }

  @Test
  void moreFramesThanTheLimitAreRefused() {
    assertThat(failure(write(frames(new java.util.Random(1), 3)), 1 << 20, 2).code())
        .isEqualTo(ErrorCode.TOO_LARGE);
  }

  @Test
  void bytesAfterTheEndAreRefused() {
    byte[] whole = write(frames(new java.util.Random(1), 1));
    assertThat(failure(Arrays.copyOf(whole, whole.length + 1), 1 << 20, 10))
        .hasMessageContaining("follow the end");
  }

  @Test
  void theLayoutIsTheOneThatIsDrawn() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      new FrameWriter(out).end();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    assertThat(out.toByteArray())
        .containsExactly('M', 'B', 'F', '1', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  private static List<Frame> frames(RandomGenerator random, int count) {
    List<Frame> frames = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      FragmentKey key = new FragmentKey(Seeds.hash(random), Slice.attention(4));
      byte[] body = Seeds.bytes(random, random.nextInt(1, 3000));
      FragmentMeta meta =
          new FragmentMeta(Seeds.namespace(16), null, new TokenSpan(0, 16), null, 60L, false);
      frames.add(
          random.nextBoolean()
              ? Frame.payload(200, key, meta, ContentDigest.of(body), body)
              : Frame.failed(key, Problem.of(ErrorCode.FRAGMENT_NOT_FOUND, "gone", null)));
    }
    if (count > 0) {
      frames.set(
          0,
          Frame.payload(
              200,
              frames.get(0).header().key(),
              new FragmentMeta(Seeds.namespace(16), null, new TokenSpan(0, 16), null, null, true),
              ContentDigest.of(new byte[9]),
              new byte[9]));
    }
    return frames;
  }

  private static byte[] write(List<Frame> frames) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      FrameWriter writer = new FrameWriter(out);
      for (Frame frame : frames) {
        writer.write(frame);
      }
      writer.end();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static List<Frame> read(byte[] bytes, long maxBody, int maxFrames) {
    FrameReader reader = new FrameReader(new ByteArrayInputStream(bytes), maxBody, maxFrames);
    List<Frame> frames = new ArrayList<>();
    try {
      for (Frame frame = reader.next(); frame != null; frame = reader.next()) {
        frames.add(frame);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return frames;
  }

  private static MembraneException failure(byte[] bytes, long maxBody, int maxFrames) {
    return catchThrowableOfType(MembraneException.class, () -> read(bytes, maxBody, maxFrames));
  }
}
