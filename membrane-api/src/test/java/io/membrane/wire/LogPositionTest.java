package io.membrane.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.membrane.fixture.Seeds;
import java.math.BigInteger;
import java.util.Comparator;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogPositionTest {

  private static final long GREATEST = 999_999_999_999_999_999L;

  @Test
  void aPositionReadsBackFromItsText() {
    Seeds.forAll(
        100,
        random -> {
          LogPosition position = position(random);
          assertThat(LogPosition.isPosition(position.toString())).isTrue();
          assertThat(LogPosition.parse(position.toString())).isEqualTo(position);
        });
  }

  @Test
  void positionsAreOrderedByTimeThenByNumberAsWholeNumbersAre() {
    Comparator<LogPosition> oracle =
        Comparator.comparing(
            p -> BigInteger.valueOf(p.ms()).shiftLeft(Long.SIZE).add(BigInteger.valueOf(p.seq())));
    Seeds.forAll(
        200,
        random -> {
          LogPosition a = position(random);
          LogPosition b =
              random.nextBoolean() ? position(random) : new LogPosition(a.ms(), part(random));
          assertThat(Integer.signum(a.compareTo(b))).isEqualTo(oracle.compare(a, b));
          assertThat(a.compareTo(b) == 0).isEqualTo(a.equals(b));
        });
  }

  @ParameterizedTest
  @CsvSource({"1700-9, 1700-10", "999-99, 1700-0", "0-0, 0-1"})
  void numbersAreComparedAndNotTheirText(String earlier, String later) {
    assertThat(LogPosition.parse(earlier)).isLessThan(LogPosition.parse(later));
  }

  @Test
  void theLogStartsBeforeEveryEntry() {
    assertThat(LogPosition.START).hasToString("0-0").isLessThan(LogPosition.parse("0-1"));
  }

  @ParameterizedTest
  @CsvSource({
    "007-00, 7-0",
    "999999999999999999-999999999999999999, 999999999999999999-999999999999999999"
  })
  void eighteenDigitsAreReadAndLeadingZerosDropped(String text, String written) {
    assertThat(LogPosition.isPosition(text)).isTrue();
    assertThat(LogPosition.parse(text)).hasToString(written);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-",
        "7",
        "7-",
        "-7",
        "-7-0",
        "7--1",
        "+7-0",
        "7-0-0",
        " 7-0",
        "7-0\n",
        "7.0-1",
        "0x7-0",
        "\u0667-0",
        "$",
        "yesterday",
        "1000000000000000000-0",
        "1-99999999999999999999"
      })
  void aTextOfAnotherFormIsRefusedAndShown(String text) {
    assertThat(LogPosition.isPosition(text)).isFalse();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LogPosition.parse(text))
        .withMessage("a log position is written like 1789095808837-0, not '" + text + "'");
  }

  @Test
  void aLongTextIsNotRepeatedWhole() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LogPosition.parse("7".repeat(100_000)))
        .withMessageEndingWith("not '" + "7".repeat(80) + "'");
  }

  @ParameterizedTest
  @CsvSource({"-1, 0", "0, -1", "1000000000000000000, 0", "0, 1000000000000000000"})
  void whatCouldNotBeReadBackIsNoPosition(long ms, long seq) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LogPosition(ms, seq))
        .withMessageContaining("not " + ms + " and " + seq);
  }

  private static LogPosition position(RandomGenerator random) {
    return new LogPosition(part(random), part(random));
  }

  /** Of any length: small numbers meet each other often. */
  private static long part(RandomGenerator random) {
    return random.nextLong(GREATEST + 1) >> random.nextInt(60);
  }
}
