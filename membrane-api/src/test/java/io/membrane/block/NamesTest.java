package io.membrane.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.membrane.fixture.Seeds;
import io.membrane.rpc.WireJson;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {

  private static final String HASH = "9f".repeat(32);

  @Test
  void aBlockHashReadsBackFromItsTextAndItsBytes() {
    Seeds.forAll(
        100,
        random -> {
          BlockHash hash = Seeds.hash(random);
          assertThat(BlockHash.parse(hash.hex())).isEqualTo(hash);
          assertThat(BlockHash.of(hash.toBytes())).isEqualTo(hash);
        });
  }

  @Test
  void aHashWithAnyOtherCharacterAnywhereIsNone() {
    Seeds.forAll(
        500,
        random -> {
          int at = random.nextInt(HASH.length());
          char c = (char) random.nextInt(random.nextBoolean() ? 256 : Character.MAX_VALUE);
          String text = HASH.substring(0, at) + c + HASH.substring(at + 1);
          if ("0123456789abcdef".indexOf(c) >= 0) {
            assertThat(BlockHash.parse(text)).hasToString(text);
          } else {
            assertThatIllegalArgumentException().isThrownBy(() -> BlockHash.parse(text));
          }
        });
  }

  @Test
  void blockHashesAreOrderedAsTheirText() {
    Seeds.forAll(
        100,
        random -> {
          BlockHash a = Seeds.hash(random);
          BlockHash b = Seeds.hash(random);
          assertThat(Integer.signum(a.compareTo(b)))
              .isEqualTo(Integer.signum(a.hex().compareTo(b.hex())));
        });
  }

  /** As engines have them that count, or whose hashes have 64 bits. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void hashesThatDifferInOneWordAloneHaveOtherCodesAndDoNotMeetUnderAnyKey(int word) {
    int many = 20_000;
    Set<Integer> codes = new HashSet<>();
    Set<Long> mixed = new HashSet<>();
    int[] buckets = new int[64];
    for (int i = 0; i < many; i++) {
      long[] words = new long[4];
      words[word] = i;
      BlockHash hash = new BlockHash(words[0], words[1], words[2], words[3]);
      codes.add(hash.hashCode());
      mixed.add(hash.mixed(word));
      buckets[hash.hashCode() & 63]++;
    }
    assertThat(codes).hasSizeGreaterThan(many - 10);
    assertThat(mixed).hasSize(many);
    assertThat(Arrays.stream(buckets)).allMatch(count -> count > 200 && count < 450);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "9f", "zz", "+f"})
  void anythingButSixtyFourLowerCaseDigitsIsNoHash(String part) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> BlockHash.parse((part + HASH).substring(0, 63)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> BlockHash.parse(HASH.toUpperCase(java.util.Locale.ROOT)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> BlockHash.parse(part + "g" + HASH.substring(part.length() + 1)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"attn.0-31.0of1", "state.3-3.1of8", "attn.0-0.7of8"})
  void aSliceReadsBackFromItsText(String text) {
    assertThat(Slice.parse(text)).hasToString(text);
    assertThat(FragmentKey.parse(HASH + "/" + text)).hasToString(HASH + "/" + text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "attn",
        "attn.31-0.0of1",
        "attn.0-31.1of1",
        "attn.00-31.0of1",
        "ATTN.0-31.0of1",
        "attn.0-31.0of0",
        "kv.0-31.0of1",
        "attn.0-31.0of1 ",
        "attn.0-9999999.0of1",
        "../attn.0-1.0of1"
      })
  void aSliceOfAnotherFormIsRefused(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> Slice.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "0", "5-5", "6-5", "-1-5", "0-", "-5", "0-99999999999", "a-b", "0-1-2"})
  void aSpanThatIsEmptyOrNoSpanIsRefused(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> TokenSpan.parse(text));
  }

  @Test
  void tokensAreUnsignedThirtyTwoBitNumbersInJson() {
    Tokens tokens = WireJson.mapper().readValue("[0,4294967295,1]", Tokens.class);
    assertThat(tokens.get(1)).isEqualTo(4294967295L);
    assertThat(WireJson.mapper().writeValueAsString(tokens)).isEqualTo("[0,4294967295,1]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"[-1]", "[4294967296]", "[1.5]", "[\"1\"]", "[null]", "{}", "\"1\"", "[true]"})
  void anythingElseIsNoTokens(String json) {
    assertThat(
            org.assertj.core.api.Assertions.catchThrowable(
                () -> WireJson.mapper().readValue(json, Tokens.class)))
        .isInstanceOf(tools.jackson.core.JacksonException.class);
  }

  @Test
  void aDigestReadsBackFromItsHeader() {
    ContentDigest digest = ContentDigest.of("kv".getBytes(StandardCharsets.UTF_8));
    assertThat(ContentDigest.parseReprDigest(digest.toReprDigest())).isEqualTo(digest);
    assertThat(ContentDigest.parseReprDigest("md5=:AA==:, " + digest.toReprDigest()))
        .isEqualTo(digest);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "sha-256=:", "sha-256=:AA==:", "sha-256=::", "md5=:AA==:", "sha-256=:%%:"})
  void aHeaderWithoutSuchADigestIsRefused(String header) {
    assertThatIllegalArgumentException().isThrownBy(() -> ContentDigest.parseReprDigest(header));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a\nb", "\u0000"})
  void aModelNameIsPrintable(String model) {
    assertThatIllegalArgumentException().isThrownBy(() -> new Namespace(model, "r", "f32", 16));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Namespace.MAX_BLOCK_TOKENS + 1})
  void aBlockHoldsAtLeastOneTokenAndNotTooMany(int blockTokens) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Namespace("m", "r", "f32", blockTokens));
  }
}
