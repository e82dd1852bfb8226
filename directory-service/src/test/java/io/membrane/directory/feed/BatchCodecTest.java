package io.membrane.directory.feed;

import static io.membrane.directory.location.Entries.ATTENTION;
import static io.membrane.directory.location.Entries.STATE;
import static io.membrane.directory.location.Entries.cleared;
import static io.membrane.directory.location.Entries.removed;
import static io.membrane.directory.location.Entries.stored;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.directory.location.ChangeBatch;
import io.membrane.directory.location.Entries;
import io.membrane.directory.location.NodeProgress;
import io.membrane.fixture.Seeds;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BatchCodecTest {

  private static final List<BlockHash> CHAIN = Entries.chain(2);

  private static final LogBatch GOLDEN =
      new LogBatch(
          "n",
          "c",
          "tenant:a",
          3L,
          7L,
          List.of(
              stored(CHAIN, 0, ATTENTION, "gpu", 1_790_000_000_000L),
              stored(CHAIN, 1, STATE, "cpu"),
              removed(CHAIN.getFirst(), ATTENTION, null),
              cleared()));

  @Test
  void theFormStaysAsItIsDrawn() {
    List<String> parts =
        List.of(
            "4d42" + "01" + "01" + "000000e8" + "016e" + "0163" + "0874656e616e743a61",
            "0000000000000003" + "0000000000000007",
            "01" + "0a74696e792d6c6c616d61" + "027231" + "03663332" + "10",
            "02" + "0e6174746e2e302d33312e306f6631" + "0f73746174652e302d33312e306f6631",
            "02" + "03677075" + "03637075",
            "04",
            "30" + CHAIN.get(0).hex() + "00" + "00" + "00" + "00" + "8020" + "80d8c1a28c34",
            "50" + CHAIN.get(1).hex() + "00" + "01" + "01" + "01" + "8020",
            "11" + CHAIN.get(0).hex() + "00",
            "02");
    byte[] bytes = HexFormat.of().parseHex(String.join("", parts) + "00000000");
    seal(bytes);
    assertThat(HexFormat.of().formatHex(BatchCodec.encode(GOLDEN).getFirst()))
        .isEqualTo(HexFormat.of().formatHex(bytes));
    assertThat(decoded(bytes)).isEqualTo(Changes.of(GOLDEN));
  }

  @Test
  void whateverIsWrittenIsReadAgain() {
    Seeds.forAll(
        200,
        random -> {
          LogBatch batch = batch(random, random.nextInt(1, 60));
          List<byte[]> parts = BatchCodec.encode(batch);
          assertThat(parts).hasSize(1);
          assertThat(decoded(parts.getFirst())).isEqualTo(Changes.of(batch));
        });
  }

  @Test
  void aLongBatchIsWrittenInPartsThatAreNumberedOn() {
    Seeds.forAll(
        5,
        random -> {
          LogBatch batch = batch(random, DirectoryClient.MAX_EVENTS + random.nextInt(30_000));
          List<Changes> parts =
              BatchCodec.encode(batch).stream().map(BatchCodecTest::decoded).toList();
          long next = batch.sequence() == null ? 0 : batch.sequence();
          for (Changes part : parts) {
            assertThat(part.source()).isEqualTo(Changes.of(batch).source());
            assertThat(part.first())
                .isEqualTo(batch.epoch() == null ? null : new NodeProgress(batch.epoch(), next));
            next += part.events().size();
          }
          assertThat(parts.stream().flatMap(part -> part.events().stream()))
              .isEqualTo(Changes.of(batch).events());
        });
  }

  @Test
  void noPartIsTooLarge() {
    List<Event> events =
        IntStream.range(0, 5000)
            .mapToObj(i ->
                storedIn(
                    CHAIN,
                    1,
                    ATTENTION,
                    "t" + i,
                    null,
                    new Namespace("m" + i, "x".repeat(250), "d", 16)))
            .toList();
    List<byte[]> parts = BatchCodec.encode(new LogBatch("n", "c", "d", null, null, events));
    assertThat(parts).hasSizeGreaterThan(1);
    assertThat(parts).allSatisfy(part -> assertThat(part.length).isLessThanOrEqualTo(1 << 20));
  }

  @Test
  void everyTruncationAndEveryFlippedByteIsRefused() {
    byte[] whole = BatchCodec.encode(GOLDEN).getFirst();
    for (int length = 0; length < whole.length; length++) {
      refused(Arrays.copyOf(whole, length));
    }
    for (int at = 0; at < whole.length; at++) {
      for (int bit = 0; bit < Byte.SIZE; bit++) {
        byte[] flipped = whole.clone();
        flipped[at] ^= (byte) (1 << bit);
        refused(flipped);
      }
    }
    refused(Arrays.copyOf(whole, whole.length + 1));
  }

  @Test
  void noBytesDoMoreThanBeRefusedEvenIfTheirSumIsRight() {
    byte[] golden = BatchCodec.encode(GOLDEN).getFirst();
    Seeds.forAll(
        20_000,
        random -> {
          byte[] strange = Arrays.copyOf(golden, random.nextInt(13, golden.length + 5));
          for (int i = random.nextInt(1, 5); i > 0; i--) {
            strange[random.nextInt(8, strange.length)] = (byte) random.nextInt();
          }
          seal(strange);
          try {
            assertThat(decoded(strange).events()).hasSizeLessThanOrEqualTo(10_000);
          } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageNotContaining("damaged");
          }
        });
  }

  /** By a batch that was used before. */
  private static Changes decoded(byte[] bytes) {
    ChangeBatch batch = new ChangeBatch();
    BatchCodec.decode(BatchCodec.encode(GOLDEN).getFirst(), batch);
    BatchCodec.decode(bytes, batch);
    return Changes.of(batch);
  }

  private static Event storedIn(
      List<BlockHash> chain,
      int index,
      Slice slice,
      String tier,
      @Nullable Long end,
      Namespace namespace) {
    Event like = Entries.stored(chain, index, slice, tier, end);
    return new Event(
        EventType.STORED,
        namespace,
        like.blockHash(),
        like.parentHash(),
        slice,
        like.bytes(),
        tier,
        like.tokenSpan(),
        end);
  }

  private static LogBatch batch(RandomGenerator random, int events) {
    boolean numbered = random.nextBoolean();
    List<Event> all = new ArrayList<>();
    for (int i = 0; i < events; i++) {
      all.add(event(random));
    }
    return new LogBatch(
        "node-" + random.nextInt(3),
        "Zürich",
        random.nextBoolean() ? "public" : "tenant:" + random.nextInt(),
        numbered ? random.nextLong(Long.MAX_VALUE) : null,
        numbered ? random.nextLong(1L << 40) : null,
        all);
  }

  private static final List<BlockHash> HASHES =
      Stream.iterate(1L, i -> i + 1).limit(6).map(i -> new BlockHash(i, -i, i, -i)).toList();

  private static Event event(RandomGenerator random) {
    BlockHash hash = HASHES.get(random.nextInt(HASHES.size()));
    Slice slice = Slice.attention(1 + random.nextInt(3));
    String tier = "tier" + random.nextInt(3);
    return switch (random.nextInt(5)) {
      case 0 -> cleared();
      case 1 ->
          removed(hash, random.nextBoolean() ? slice : null, random.nextBoolean() ? tier : null);
      default -> {
        int size = 1 << random.nextInt(17);
        int from = size * random.nextInt(1000);
        yield new Event(
            EventType.STORED,
            new Namespace("m" + random.nextInt(3), "r", "bf16", size),
            hash,
            random.nextInt(3) == 0 ? null : HASHES.get(random.nextInt(HASHES.size())),
            slice,
            random.nextBoolean() ? random.nextLong(Long.MAX_VALUE) : null,
            tier,
            new TokenSpan(from, from + size),
            random.nextBoolean() ? random.nextLong() : null);
      }
    };
  }

  private static void refused(byte[] bytes) {
    assertThatIllegalArgumentException().isThrownBy(() -> decoded(bytes));
  }

  /** Makes length and checksum right. */
  private static void seal(byte[] bytes) {
    ByteBuffer.wrap(bytes).putInt(4, bytes.length);
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length - 4);
    ByteBuffer.wrap(bytes).putInt(bytes.length - 4, (int) crc.getValue());
  }
}
