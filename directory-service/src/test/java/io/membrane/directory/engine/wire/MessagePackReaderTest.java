package io.membrane.directory.engine.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigInteger;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bytes are those that msgspec 0.22, with which engines write, makes of the values beside them. */
class MessagePackReaderTest {

  private static MessagePackReader reader(String hex) {
    return new MessagePackReader(ByteBuffer.wrap(HexFormat.of().parseHex(hex)));
  }

  @ParameterizedTest
  @CsvSource({
    "00, 0",
    "7f, 127",
    "cc80, 128",
    "ccff, 255",
    "cd0100, 256",
    "cdffff, 65535",
    "ce00010000, 65536",
    "ceffffffff, 4294967295",
    "cf0000000100000000, 4294967296",
    "cf7fffffffffffffff, 9223372036854775807",
    "cf8000000000000000, 9223372036854775808",
    "cfffffffffffffffff, 18446744073709551615",
    "ff, -1",
    "e0, -32",
    "d0df, -33",
    "d080, -128",
    "d1ff7f, -129",
    "d18000, -32768",
    "d2ffff7fff, -32769",
    "d280000000, -2147483648",
    "d3ffffffff7fffffff, -2147483649",
    "d38000000000000000, -9223372036854775808",
  })
  void aNumberIsReadAsItsBitsAsAValueAndWhereItFitsAsATokenOrCount(String hex, BigInteger number) {
    assertThat(reader(hex).bits()).isEqualTo(number.longValue());
    assertThat(reader(hex).blockName()).isEqualTo(number.longValue());
    assertThat(String.valueOf(reader(hex).value())).isEqualTo(number.toString());
    if (number.signum() >= 0 && number.bitLength() <= 32) {
      assertThat(reader(hex).tokenId()).isEqualTo(number.intValue());
    } else {
      assertThatIllegalArgumentException().isThrownBy(() -> reader(hex).tokenId());
    }
    if (number.signum() >= 0 && number.bitLength() <= 31) {
      assertThat(reader(hex).count()).isEqualTo(number.intValue());
    } else {
      assertThatIllegalArgumentException().isThrownBy(() -> reader(hex).count());
    }
  }

  @Test
  void otherValuesAreRead() {
    assertThat(reader("c0").value()).isNull();
    assertThat(reader("c3").value()).isEqualTo(true);
    assertThat(reader("c2").value()).isEqualTo(false);
    assertThat(reader("cb3ff8000000000000").value()).isEqualTo(1.5);
    assertThat(reader("ca3fc00000").value()).isEqualTo(1.5);
    assertThat(reader("a178").value()).isEqualTo("x");
    assertThat(reader("a0").text()).isEmpty();
    assertThat(reader("c40201ff").value()).isEqualTo("01ff");
    assertThat(reader("90").value()).isEqualTo(List.of());
    assertThat(reader("92019302a2c3a9c0").value())
        .isEqualTo(List.of(1L, Arrays.<@Nullable Object>asList(2L, "\u00e9", null)));
  }

  /** The heads of {@code "a" * n}, {@code b"a" * n} and {@code [0] * n}. */
  @ParameterizedTest
  @CsvSource({
    "15, af, c40f, 9f",
    "16, b0, c410, dc0010",
    "31, bf, c41f, dc001f",
    "32, d920, c420, dc0020",
    "255, d9ff, c4ff, dc00ff",
    "256, da0100, c50100, dc0100",
    "65535, daffff, c5ffff, dcffff",
    "65536, db00010000, c600010000, dd00010000",
  })
  void lengthsOfEverySizeAreRead(int length, String text, String bytes, String array) {
    assertThat(reader(text + "61".repeat(length)).text()).isEqualTo("a".repeat(length));
    assertThat(reader(bytes + "61".repeat(length)).value()).isEqualTo("61".repeat(length));
    assertThat(reader(bytes + "61".repeat(length)).blockName()).isEqualTo(0x6161616161616161L);
    assertThat(reader(array + "00".repeat(length)).arrayHeader()).isEqualTo(length);
  }

  /** Maps of 15, 16 and 65,536, extensions of 1, 3, 16, 256 and 65,536 bytes, a map of lists. */
  @ParameterizedTest
  @CsvSource({
    "8f, 30",
    "de0010, 32",
    "df00010000, 131072",
    "d405, 1",
    "c70305, 3",
    "d805, 16",
    "c8010005, 256",
    "c90001000005, 65536",
    "81a16191, 1",
  })
  void whatIsSkippedIsSkippedWhole(String head, int more) {
    MessagePackReader reader = reader(head + "00".repeat(more) + "07");
    reader.skip();
    assertThat(reader.count()).isEqualTo(7);
    assertThat(reader.isAtEnd()).isTrue();
  }

  @Test
  void theNextValueIsReadAlone() {
    MessagePackReader reader = reader("920102" + "a178");
    MessagePackReader first = reader.next();
    assertThat(first.value()).isEqualTo(List.of(1L, 2L));
    assertThat(first.isAtEnd()).isTrue();
    assertThat(reader.text()).isEqualTo("x");
  }

  @ParameterizedTest
  @CsvSource({
    "dd7fffffff00",
    "ddffffffff00",
    "dfffffffff00",
    "dbffffffff61",
    "c6ffffffff61",
    "a261"
  })
  void aClaimPastTheEndIsRefusedBeforeAnythingIsReserved(String hex) {
    assertThatIllegalArgumentException().isThrownBy(() -> reader(hex).skip());
    if (!hex.startsWith("df")) {
      assertThatIllegalArgumentException().isThrownBy(() -> reader(hex).value());
    }
  }

  @Test
  void anotherKindAnUnusedFormatAndTheEndAreRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> reader("a178").bits());
    assertThatIllegalArgumentException().isThrownBy(() -> reader("01").text());
    assertThatIllegalArgumentException().isThrownBy(() -> reader("80").arrayHeader());
    assertThatIllegalArgumentException().isThrownBy(() -> reader("c1").skip());
    assertThatIllegalArgumentException().isThrownBy(() -> reader("80").value());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> reader("c407" + "00".repeat(7)).blockName());
    assertThatExceptionOfType(BufferUnderflowException.class)
        .isThrownBy(() -> reader("cd01").bits());
    assertThatExceptionOfType(BufferUnderflowException.class).isThrownBy(() -> reader("").isMap());
  }

  @Test
  void listsWithinListsAreSkippedAtAnyDepthAndReadToSixteen() {
    String deep = "91".repeat(100_000) + "90";
    MessagePackReader reader = reader(deep);
    reader.skip();
    assertThat(reader.isAtEnd()).isTrue();
    assertThatIllegalArgumentException().isThrownBy(() -> reader(deep).value());
    assertThat(reader("91".repeat(15) + "90").value()).isNotNull();
  }
}
