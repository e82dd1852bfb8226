package io.membrane.directory.snapshot;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.block.BlockHash;
import io.membrane.directory.location.Entries;
import io.membrane.directory.location.Image;
import io.membrane.directory.location.NodeProgress;
import io.membrane.directory.location.Source;
import io.membrane.fixture.TestClock;
import io.membrane.wire.LogPosition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotFileTest {

  private static final HexFormat HEX = HexFormat.of();
  private static final List<BlockHash> CHAIN = Entries.chain(4);
  private static final Standing STANDING =
      new Standing(
          "life",
          new LogPosition(7, 1),
          1_767_225_600_000L,
          99,
          true,
          List.of(
              new Standing.Numbering(
                  new Source("c1", "b", "public"),
                  new NodeProgress(5, 6),
                  new LogPosition(6, 0),
                  true)));

  private final TestClock clock = new TestClock();

  @TempDir Path folder;

  @Test
  void theFormStaysAsItIsDrawn() throws Exception {
    String standing =
        "0004"
            + hex("life")
            + "0000000000000007"
            + "0000000000000001"
            + "0000019b76daa800"
            + "0000000000000063"
            + "01"
            + "00000001"
            + "0002"
            + hex("c1")
            + "0001"
            + hex("b")
            + "0006"
            + hex("public")
            + "0000000000000005"
            + "0000000000000006"
            + "0000000000000006"
            + "0000000000000000"
            + "01";
    String namespaces =
        "00000001"
            + "000a"
            + hex("tiny-llama")
            + "0002"
            + hex("r1")
            + "0003"
            + hex("f32")
            + "00000010";
    String forms =
        "00000002"
            + "000e"
            + hex("attn.0-31.0of1")
            + "0000000000001000"
            + "000f"
            + hex("state.0-31.0of1")
            + "0000000000001000";
    String places =
        "00000002"
            + "0002"
            + hex("c1")
            + "0001"
            + hex("a")
            + "0006"
            + hex("public")
            + "0003"
            + hex("gpu")
            + "0002"
            + hex("c1")
            + "0001"
            + hex("b")
            + "0006"
            + hex("public")
            + "0003"
            + hex("cpu");
    int dictionaries = (namespaces.length() + forms.length() + places.length()) / 2;
    // Days of 86,400 s from 2025-01-01 to 2026-01-01, in units of 128 s: 246,375 mod 2^13 = 615.
    String blocks =
        // no parent, index 0, age 615, one use; place 1, form 0, no end
        CHAIN.get(0).hex()
            + what(0, 0)
            + word(1, 1, 0, 0)
            // after the block before; a list of two
            + CHAIN.get(1).hex()
            + what(1, 1)
            + "8010000000000000"
            + word(1, 1, 0, 0)
            + word(1, 2, 1, 31_536_002)
            // removed from place 1, with its parent's hash
            + CHAIN.get(3).hex()
            + what(2, 3)
            + word(3, 1, 1, 31_536_000)
            + CHAIN.get(2).hex()
            // that parent: never stored, neither old nor used
            + CHAIN.get(2).hex()
            + never(2)
            + word(3, 0, 0, 31_536_000);
    byte[] expected =
        whole(standing, "%08x".formatted(dictionaries) + namespaces + forms + places + blocks);
    assertThat(HEX.formatHex(Files.readAllBytes(written()))).isEqualTo(HEX.formatHex(expected));
  }

  @Test
  void whatIsWrittenIsReadAgain() throws Exception {
    Image restored = new Image(100, clock);
    Path file = written();
    assertThat(SnapshotFile.readStanding(file)).isEqualTo(STANDING);
    assertThat(SnapshotFile.read(file, restored.decoder())).isEqualTo(STANDING);
    assertThat(restored.blocks()).isEqualTo(2);
    assertThat(restored.goneBlocks()).isEqualTo(2);
    assertThat(restored.places(CHAIN.get(1), "public")).hasSize(2);
    assertThat(restored.progress("c1", "b", "public")).isEqualTo(new NodeProgress(5, 6));
  }

  @Test
  void everyTruncationAndEveryFlippedBitIsRefusedAndTheImageStays() throws Exception {
    byte[] bytes = Files.readAllBytes(written());
    Image image = new Image(100, clock);
    for (int length = 0; length < bytes.length; length++) {
      refused(Arrays.copyOf(bytes, length), image);
    }
    for (int bit = 0; bit < Byte.SIZE * bytes.length; bit++) {
      byte[] flipped = bytes.clone();
      flipped[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
      refused(flipped, image);
    }
    refused(Arrays.copyOf(bytes, bytes.length + 1), image);
    assertThat(image.blocks() + image.goneBlocks()).isZero();
  }

  private void refused(byte[] bytes, Image image) throws IOException {
    Path file = Files.write(folder.resolve("strange"), bytes);
    assertThatThrownBy(() -> SnapshotFile.read(file, image.decoder()))
        .isInstanceOf(IOException.class);
  }

  private Path written() throws IOException {
    Image image = new Image(100, clock);
    image.apply(Entries.entry("a", Entries.stored(CHAIN, 0, Entries.ATTENTION, "gpu")));
    image.apply(Entries.entry("a", Entries.stored(CHAIN, 1, Entries.ATTENTION, "gpu")));
    long end = clock.millis() + 2500;
    image.apply(Entries.entry("b", Entries.stored(CHAIN, 1, Entries.STATE, "cpu", end)));
    image.apply(Entries.entry("a", Entries.stored(CHAIN, 3, Entries.ATTENTION, "gpu")));
    image.apply(Entries.entry("a", Entries.removed(CHAIN.get(3), null, null)));
    Path file = Files.createTempFile(folder, "", "");
    assertThat(SnapshotFile.write(file, STANDING, image.encoder())).isEqualTo(Files.size(file));
    return file;
  }

  private static String what(int parent, int index) {
    int uses = index == 1 ? 2 : 1;
    return "%016x".formatted((long) parent << 62 | (long) index << 32 | 615L << 3 | uses);
  }

  private static String never(int index) {
    return "%016x".formatted((long) index << 32);
  }

  private static String word(long kind, long place, long form, long end) {
    return "%016x".formatted(kind << 62 | place << 44 | form << 30 | end);
  }

  private static String hex(String text) {
    return HEX.formatHex(text.getBytes(US_ASCII));
  }

  private static byte[] whole(String... frames) throws Exception {
    StringBuilder file = new StringBuilder(hex("MBSNAP") + "0001");
    for (String frame : frames) {
      CRC32C crc = new CRC32C();
      crc.update(HEX.parseHex(frame));
      file.append("%08x%08x".formatted(frame.length() / 2, (int) crc.getValue())).append(frame);
    }
    byte[] body = HEX.parseHex(file + "00000000" + "0000000000000004");
    byte[] sha = MessageDigest.getInstance("SHA-256").digest(body);
    return ByteBuffer.allocate(body.length + sha.length).put(body).put(sha).array();
  }
}
