package io.membrane.directory.engine.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.membrane.block.ContentDigest;
import io.membrane.block.Tokens;
import io.membrane.directory.engine.wire.KvEvent.AllBlocksCleared;
import io.membrane.directory.engine.wire.KvEvent.BlockRemoved;
import io.membrane.directory.engine.wire.KvEvent.BlockStored;
import io.membrane.fixture.Seeds;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class KvEventDecoderTest {

  private static final HexFormat HEX = HexFormat.of();

  static final List<String> PUBLISHERS = Capture.PUBLISHERS;

  /** The low halves of the SHA-256 of {@code block 1} to {@code block 6}. */
  private static final long[] NAMES =
      LongStream.rangeClosed(1, 6).map(KvEventDecoderTest::name).toArray();

  private static long name(long block) {
    String digest = ContentDigest.of(("block " + block).getBytes(StandardCharsets.US_ASCII)).hex();
    return Long.parseUnsignedLong(digest.substring(48), 16);
  }

  @ParameterizedTest
  @FieldSource("PUBLISHERS")
  void everyPublishersWordsAreUnderstood(String publisher) {
    List<KvEvent> events = new ArrayList<>();
    for (byte[] payload : Capture.payloads(publisher)) {
      KvEventBatch batch = KvEventDecoder.decode(payload);
      assertThat(batch.skipped()).isZero();
      assertThat(batch.dataParallelRank()).isIn(null, 0);
      events.addAll(batch.events());
    }
    assertThat(events).isEqualTo(story(publisher));
  }

  @ParameterizedTest
  @FieldSource("PUBLISHERS")
  void aReplayRepeatsTheSamePayloads(String publisher) {
    List<List<byte[]>> replay = Capture.replay(publisher);
    assertThat(replay.subList(0, replay.size() - 1).stream().map(List::getLast).toList())
        .usingElementComparator(Arrays::compare)
        .isEqualTo(Capture.payloads(publisher));
  }

  /** What {@code record.py} lets them say, in the words that they have. */
  private static List<KvEvent> story(String publisher) {
    boolean isSglang = publisher.startsWith("sglang");
    boolean hasMedium = !publisher.equals("sglang-0.5.3");
    boolean hasKeys = publisher.startsWith("vllm-0.2") || publisher.startsWith("vllm-0.3");
    List<KvEvent> story = new ArrayList<>();
    story.add(stored(List.of(1, 2), null, 100, List.of(), 0, null));
    story.add(stored(List.of(3), 2, 108, List.of(), 0, null));
    if (hasKeys) {
      story.add(
          stored(List.of(4), null, 200, List.of("[{\"lora\":\"ada\"},[\"picture\",1]]"), 0, null));
    }
    if (hasKeys || (isSglang && hasMedium)) {
      story.add(stored(List.of(5), null, 300, List.of("[\"salt\"]"), 0, null));
    }
    story.add(new BlockRemoved(List.of(NAMES[2]), "gpu", 0));
    if (hasMedium) {
      Tokens tokens = isSglang ? tokens(100, 4) : tokens(0, 0);
      story.add(
          new BlockStored(
              List.of(NAMES[0]), null, tokens, isSglang ? 4 : 0, "cpu", List.of(), 0, null));
    }
    if (hasKeys) {
      story.add(stored(List.of(2), 1, 104, List.of(), 1, "mamba"));
      story.add(stored(List.of(1, 2), null, 100, List.of(), 0, "full_attention"));
    }
    story.add(new AllBlocksCleared());
    story.add(stored(List.of(6), null, 600, List.of(), 0, null));
    return story;
  }

  private static BlockStored stored(
      List<Integer> blocks,
      @Nullable Integer parent,
      int firstToken,
      List<String> extras,
      int group,
      @Nullable String kind) {
    return new BlockStored(
        blocks.stream().map(b -> NAMES[b - 1]).toList(),
        parent == null ? null : NAMES[parent - 1],
        tokens(firstToken, 4 * blocks.size()),
        4,
        "gpu",
        extras,
        group,
        kind);
  }

  private static Tokens tokens(int from, int count) {
    return Tokens.ofInts(IntStream.range(from, from + count).toArray());
  }

  /** A line that vLLM 0.26 published, with its name above 2^63 and its nulls. */
  @Test
  void aLineOfARunningEngineIsUnderstood() {
    int[] ids = {
      151644, 872, 198, 9064, 374, 279, 6722, 315, 5616, 30, 151645, 198, 151644, 77091, 198, 151667
    };
    byte[] line =
        HEX.parseHex(
            "93cb41daa8dbe0359fe7918ba474797065ab426c6f636b53746f726564ac626c6f636b5f68617368"
                + "657391cfdab89baa7b5857c0b1706172656e745f626c6f636b5f68617368c0a9746f6b656e5f6964"
                + "73dc0010ce0002505ccd0368ccc6cd2368cd0176cd0117cd1a42cd013bcd15f01ece0002505dccc6"
                + "ce0002505cce00012d23ccc6ce00025073aa626c6f636b5f73697a6510a76c6f72615f6964c0a66d"
                + "656469756da3475055a96c6f72615f6e616d65c0aa65787472615f6b65797391c0a967726f75705f"
                + "69647800b26b765f63616368655f737065635f6b696e64ae66756c6c5f617474656e74696f6e00");
    assertThat(KvEventDecoder.decode(line))
        .isEqualTo(
            new KvEventBatch(
                List.of(
                    new BlockStored(
                        List.of(Long.parseUnsignedLong("15760518052499183552")),
                        null,
                        Tokens.ofInts(ids),
                        16,
                        "gpu",
                        List.of(),
                        0,
                        "full_attention")),
                0,
                0));
  }

  @Test
  void aBatchMayBeAMapToo() {
    // {"ts": 1.0, "events": [{"type": "AllBlocksCleared"}], "data_parallel_rank": 3,
    //  "later": "unknown"}
    byte[] map =
        HEX.parseHex(
            "84a27473cb3ff0000000000000a66576656e74739181a474797065b0416c6c426c6f636b73436c65"
                + "61726564b2646174615f706172616c6c656c5f72616e6b03a56c61746572a7756e6b6e6f776e");
    assertThat(KvEventDecoder.decode(map))
        .isEqualTo(new KvEventBatch(List.of(new AllBlocksCleared()), 3, 0));
  }

  @Test
  void anEventThatCannotBeReadIsSkippedAndTheOthersAreNot() {
    // Pairs instead of tokens, as SGLang has with a draft model; an adapter that only the engine
    // can name: [1, [7, [], {"type": "BlockMoved"}, ["BlockStored", [1], nil, [[1, 2]], 1],
    //  ["BlockStored", [1], nil, [5], 1, 9], ["BlockRemoved", [-1]]]]
    byte[] batch =
        HEX.parseHex(
            "920196079081a474797065aa426c6f636b4d6f76656495ab426c6f636b53746f7265649101c09192"
                + "01020196ab426c6f636b53746f7265649101c09105010992ac426c6f636b52656d6f76656491ff");
    assertThat(KvEventDecoder.decode(batch))
        .isEqualTo(new KvEventBatch(List.of(new BlockRemoved(List.of(-1L), "gpu", 0)), null, 5));
  }

  @Test
  void aClaimOfManyElementsCostsNothing() {
    byte[] blocks = "BlockStored".getBytes(StandardCharsets.US_ASCII);
    byte[] payload = new byte[6 + blocks.length + 5];
    payload[0] = (byte) 0x92; // [1, [["BlockStored", 2^31 - 1 names
    payload[1] = 1;
    payload[2] = (byte) 0x91;
    payload[3] = (byte) 0x92;
    payload[4] = (byte) (0xA0 | blocks.length);
    System.arraycopy(blocks, 0, payload, 5, blocks.length);
    byte[] claim = {(byte) 0xDD, 0x7F, -1, -1, -1};
    System.arraycopy(claim, 0, payload, 5 + blocks.length, claim.length);
    assertThatIllegalArgumentException().isThrownBy(() -> KvEventDecoder.decode(payload));
  }

  @Test
  void nothingThatIsSentFailsOtherwise() {
    for (String publisher : Capture.PUBLISHERS) {
      for (byte[] payload : Capture.payloads(publisher)) {
        for (int length = 0; length < payload.length; length++) {
          byte[] cut = Arrays.copyOf(payload, length);
          assertThatIllegalArgumentException().isThrownBy(() -> KvEventDecoder.decode(cut));
        }
      }
    }
    Seeds.forAll(
        2_000,
        random -> {
          String publisher = Capture.PUBLISHERS.get(random.nextInt(Capture.PUBLISHERS.size()));
          List<byte[]> payloads = Capture.payloads(publisher);
          byte[] payload = payloads.get(random.nextInt(payloads.size())).clone();
          for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
            payload[random.nextInt(payload.length)] = (byte) random.nextInt();
          }
          try {
            KvEventBatch batch = KvEventDecoder.decode(payload);
            assertThat(batch.events().size() + batch.skipped()).isLessThanOrEqualTo(payload.length);
          } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageNotContaining("\n");
          }
        });
  }
}
