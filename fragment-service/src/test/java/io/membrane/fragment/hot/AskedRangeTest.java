package io.membrane.fragment.hot;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import io.membrane.fragment.hot.AskedRange.Part;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.http.HttpRange;

class AskedRangeTest {

  @Test
  void everyPlainRangeAsksForTheSameBytesAsSpringReadsInIt() {
    Seeds.forAll(
        5_000,
        random -> {
          int length = 1 + random.nextInt(20);
          int from = random.nextInt(25);
          int to = from + random.nextInt(25);
          String header =
              switch (random.nextInt(3)) {
                case 0 -> "bytes=" + from + "-" + to;
                case 1 -> "bytes=" + from + "-";
                default -> "bytes=-" + from;
              };
          HttpRange oracle = HttpRange.parseRanges(header).getFirst();
          long start = oracle.getRangeStart(length);
          long end = oracle.getRangeEnd(length);
          AskedRange range = AskedRange.parse(header);
          assertThat(Objects.requireNonNull(range, header).of(length))
              .as(header)
              .isEqualTo(start < length && start <= end ? new Part(start, end - start + 1) : null);
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=1",
        "bytes=2-1",
        "bytes=0-1,3-4",
        "bytes= 0-1",
        "bytes=0-1 ",
        "Bytes=0-1",
        "lines=0-1",
        "bytes=--1",
        "bytes=0-1-2",
        "bytes=+0-1",
        "bytes=0-9999999999999999999",
        "bytes=a-b"
      })
  void whateverElseItMayBeIsNotReadHere(String header) {
    assertThat(AskedRange.parse(header)).isNull();
  }
}
