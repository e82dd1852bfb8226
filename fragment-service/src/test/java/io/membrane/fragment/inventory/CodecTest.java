package io.membrane.fragment.inventory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.membrane.block.BlockHash;
import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.fixture.Seeds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class CodecTest {

  private static final HexFormat HEX = HexFormat.of();
  private static final Inventory EMPTY = new Inventory();
  private static final Nonce NONCE = new Nonce(0x0102030405060708L, 0x090A0B0C0D0E0F10L);
  private static final FragmentKey KEY =
      new FragmentKey(new BlockHash(1, 2, 3, 4), new Slice(Slice.Kind.STATE, 5, 6, 7, 8));
  private static final ContentDigest DIGEST = new ContentDigest("ab".repeat(32));
  private static final String HEAD_1 = "0102030405060708090a0b0c0d0e0f10" + "00010000";
  private static final String KEY_HEX =
      "0000000000000001000000000000000200000000000000030000000000000004"
          + "1000050000600007"
          + "00000008";

  @Test
  void questionsHaveTheseBytes() {
    Question.Head all = new Question.Head(NONCE, 65_536, List.of(Range.ALL));
    assertThat(hex(new Question.Digests(all, 13, null)))
        .isEqualTo("0101" + HEAD_1 + "00" + "00000001" + "0d" + "00");
    assertThat(hex(new Question.Digests(all, 13, new InventoryDigest(258, "cd".repeat(32)))))
        .isEqualTo(
            "0101"
                + HEAD_1
                + "00"
                + "00000001"
                + "0d"
                + "01"
                + "0000000000000102"
                + "cd".repeat(32));
    Question.Head parts =
        new Question.Head(NONCE, 65_536, List.of(Range.ALL.part(9, 1), Range.ALL.part(9, 511)));
    assertThat(hex(new Question.Marks(parts, null)))
        .isEqualTo("0102" + HEAD_1 + "09" + "00000002" + "0080" + "ff80" + "00");
    assertThat(hex(new Question.Entries(parts, KEY, null, List.of(new long[] {1, 2}, new long[0]))))
        .isEqualTo(
            "0103"
                + HEAD_1
                + "09"
                + "00000002"
                + "0080"
                + "ff80"
                + "01"
                + KEY_HEX
                + "00"
                + "00000002"
                + "000000000001"
                + "000000000002"
                + "00000000");
  }

  @Test
  void answersHaveTheseBytes() {
    assertThat(hex(new Answer.Equal())).isEqualTo("0100");
    assertThat(hex(new Answer.Digests(List.of(0L, 0xFFFF_FFFF_FFFFL))))
        .isEqualTo("0101" + "00000002" + "000000000000" + "ffffffffffff");
    assertThat(hex(new Answer.Marks(List.of(new long[] {1}, new long[0]), null)))
        .isEqualTo("0102" + "00" + "00000002" + "00000001" + "000000000001" + "00000000");
    byte[] entry = Entry.of(KEY, DIGEST, p -> p);
    assertThat(hex(new Answer.Entries(List.of(entry), KEY)))
        .isEqualTo("0103" + "01" + KEY_HEX + "00000001" + KEY_HEX + "ab".repeat(32));
  }

  /** Nodes of two versions would otherwise find each other to differ in everything. */
  @Test
  void positionsMarksAndDigestsHaveTheseBytes() {
    byte[] entry = Entry.of(KEY, DIGEST, p -> p);
    assertThat(HEX.formatHex(entry, 0, 8)).isEqualTo("7cdfa76b7a8fae2a");
    assertThat(Long.toHexString(new Marker(NONCE).ofEntry(entry))).isEqualTo("69dc3a7a5dde");
    Inventory one = new Inventory();
    one.add(KEY, DIGEST);
    assertThat(one.digest().sha256())
        .isEqualTo("9f459a174309d05747c9581da2112c8282f6e3a9c8f0fa4a8fcf78c425c90fdd");
    Random random = new Random(1);
    for (int i = 0; i < 50_000; i++) {
      one.add(Sets.key(random), Sets.digest(random));
    }
    assertThat(one.digest().sha256())
        .isEqualTo("84f54335a2c0c3914479b94d98a9be43c172ce40622d7d7c5097aebe62f6dfd7");
  }

  @Test
  void whatIsWrittenIsRead() {
    Seeds.forAll(
        300,
        random -> {
          Question question = question(random);
          byte[] bytes = Codec.encode(question);
          assertThat(Codec.encode(Codec.decodeQuestion(bytes))).isEqualTo(bytes);
          byte[] answer = Codec.encode(answer(random));
          assertThat(Codec.encode(Codec.decodeAnswer(answer, EMPTY))).isEqualTo(answer);
        });
  }

  @Test
  void whatIsCutOffOrTooLongIsRefused() {
    Seeds.forAll(
        60,
        random -> {
          byte[] question = Codec.encode(question(random));
          byte[] answer = Codec.encode(answer(random));
          for (int i = 0; i < 20; i++) {
            byte[] q = Arrays.copyOf(question, random.nextInt(question.length));
            byte[] a = Arrays.copyOf(answer, random.nextInt(answer.length));
            assertThatIllegalArgumentException().isThrownBy(() -> EMPTY.answer(q));
            assertThatIllegalArgumentException().isThrownBy(() -> Codec.decodeAnswer(a, EMPTY));
          }
          assertThatIllegalArgumentException()
              .isThrownBy(() -> EMPTY.answer(Arrays.copyOf(question, question.length + 1)))
              .withMessageContaining("left over");
          assertThatIllegalArgumentException()
              .isThrownBy(
                  () -> Codec.decodeAnswer(Arrays.copyOf(answer, answer.length + 1), EMPTY));
        });
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EMPTY.answer(new byte[Codec.MAX_BYTES + 1]))
        .withMessageContaining("at most 8388608 bytes");
  }

  @Test
  void bytesThatWereChangedAreAnsweredOrRefusedAndNothingElse() {
    Inventory some = Sets.inventory(Sets.keys(new Random(1), 500));
    Seeds.forAll(
        300,
        random -> {
          byte[] question = Codec.encode(question(random));
          byte[] answer = Codec.encode(answer(random));
          for (int i = 0; i < 10; i++) {
            question[random.nextInt(question.length)] = (byte) random.nextInt();
            answer[random.nextInt(answer.length)] = (byte) random.nextInt();
            assertThatCode(() -> answerOrRefuse(some, question)).doesNotThrowAnyException();
            assertThatCode(() -> readOrRefuse(answer)).doesNotThrowAnyException();
          }
        });
  }

  @Test
  void questionsBeyondTheLimitsAreRefused() {
    List<String> wrong =
        List.of(
            "",
            "02",
            "0109" + HEAD_1 + "00" + "00000001",
            "0101" + HEAD_1 + "00" + "00000000" + "0d" + "00",
            "0101" + HEAD_1 + "00" + "00000001" + "07" + "00",
            "0101" + HEAD_1 + "00" + "00000001" + "0d" + "02",
            "0101" + HEAD_1 + "00" + "00000001" + "0d00".repeat(2),
            "0101" + HEAD_1 + "00" + "00000001" + "3f" + "00",
            "0101" + HEAD_1 + "00" + "00000001" + "ff" + "00",
            "0102" + HEAD_1 + "00" + "7fffffff" + "00",
            "0102" + HEAD_1 + "00" + "ffffffff" + "00",
            "0102" + HEAD_1 + "09" + "00000001" + "0081" + "00",
            "0102" + HEAD_1 + "41" + "00000001" + "00".repeat(9) + "00",
            "0102" + HEAD_1 + "08" + "00000002" + "0202" + "00",
            "0102" + HEAD_1 + "08" + "00000002" + "0201" + "00",
            "0103" + HEAD_1 + "00" + "00000001" + "0000" + "7fffffff",
            "0102" + HEAD_1 + "00" + "00000001" + "01" + "00".repeat(44),
            "0102"
                + HEAD_1
                + "00"
                + "00000001"
                + "01"
                + KEY_HEX.replace("1000050000600007", "2000050000600007"));
    for (String question : wrong) {
      assertThatIllegalArgumentException()
          .as(question)
          .isThrownBy(() -> EMPTY.answer(HEX.parseHex(question)));
    }
    for (String limit : List.of("00000000", "ffffffff", "00000fff", "00400001")) {
      String head = HEAD_1.substring(0, 32) + limit;
      assertThatIllegalArgumentException()
          .as(limit)
          .isThrownBy(() -> EMPTY.answer(HEX.parseHex("0102" + head + "00" + "00000001" + "00")))
          .withMessageContaining("limit of an answer is 4096 to 4194304 bytes");
    }
  }

  private static void answerOrRefuse(Inventory inventory, byte[] question) {
    try {
      inventory.answer(question);
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageMatching("(?s).{10,}");
    }
  }

  private static void readOrRefuse(byte[] answer) {
    try {
      Codec.decodeAnswer(answer, EMPTY);
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageMatching("(?s).{10,}");
    }
  }

  private static String hex(Question question) {
    return HEX.formatHex(Codec.encode(question));
  }

  private static String hex(Answer answer) {
    return HEX.formatHex(Codec.encode(answer));
  }

  private static Question question(RandomGenerator random) {
    int depth = random.nextInt(12);
    List<Range> ranges = new ArrayList<>();
    for (int i = 0; i < 1 << depth; i++) {
      if (i == 0 || random.nextInt(8) == 0) {
        ranges.add(Range.ALL.part(depth, i));
      }
    }
    Nonce nonce = new Nonce(random.nextLong(), random.nextLong());
    Question.Head head = new Question.Head(nonce, 64 << 10, ranges);
    InventoryDigest unless =
        random.nextBoolean()
            ? null
            : new InventoryDigest(random.nextInt(1_000), Sets.digest(random).hex());
    return switch (random.nextInt(3)) {
      case 0 -> new Question.Digests(head, Math.max(0, 8 - depth) + random.nextInt(3), unless);
      case 1 -> new Question.Marks(head, random.nextBoolean() ? Sets.key(random) : null);
      default ->
          new Question.Entries(
              head,
              random.nextBoolean() ? Sets.key(random) : null,
              random.nextBoolean() ? Sets.key(random) : null,
              ranges.stream().map(r -> marks(random, 3)).toList());
    };
  }

  private static Answer answer(RandomGenerator random) {
    FragmentKey last = random.nextBoolean() ? Sets.key(random) : null;
    return switch (random.nextInt(3)) {
      case 0 -> new Answer.Digests(Arrays.stream(marks(random, 40)).boxed().toList());
      case 1 -> new Answer.Marks(List.of(marks(random, 9), marks(random, 2)), last);
      default -> {
        List<byte[]> entries = new ArrayList<>();
        for (int i = random.nextInt(5); i > 0; i--) {
          entries.add(Entry.of(Sets.key(random), Sets.digest(random), p -> p));
        }
        yield new Answer.Entries(entries, last);
      }
    };
  }

  private static long[] marks(RandomGenerator random, int most) {
    return random.longs(random.nextInt(most + 1)).map(mark -> mark >>> 16).toArray();
  }
}
