package io.membrane.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetryAfterTest {

  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          17                            | PT17S
          ' 0 '                         | PT0S
          999999999                     | PT24H
          9999999999                    |
          -1                            |
          1.5                           |
          soon                          |
          Thu, 01 Jan 2026 00:01:30 GMT | PT1M30S
          Wed, 31 Dec 2025 23:59:00 GMT | PT0S
                                        |
          """)
  void secondsAndDatesAreRead(@Nullable String header, @Nullable Duration wait) {
    assertThat(RetryAfter.parse(header, NOW)).isEqualTo(wait);
  }

  @Test
  void aWaitIsWrittenInWholeSecondsOfAtLeastOne() {
    assertThat(RetryAfter.write(Duration.ZERO)).isEqualTo("1");
    assertThat(RetryAfter.write(Duration.ofMillis(1_001))).isEqualTo("2");
    assertThat(RetryAfter.write(Duration.ofSeconds(17))).isEqualTo("17");
  }
}
