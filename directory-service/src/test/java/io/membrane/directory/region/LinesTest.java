package io.membrane.directory.region;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.fixture.Seeds;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class LinesTest {

  @Test
  void linesAreTheSameHoweverTheyCome() {
    Seeds.forAll(
        200,
        random -> {
          List<String> written = new ArrayList<>();
          for (int i = random.nextInt(20); i > 0; i--) {
            written.add("x".repeat(random.nextInt(10) == 0 ? 40_000 : random.nextInt(300)));
          }
          String text = String.join("\n", written) + (written.isEmpty() ? "" : "\n");
          assertThat(read(inPieces(text + "no end", random))).isEqualTo(written);
        });
  }

  @Test
  void theLongestLineIsReadAndALongerOneIsNone() {
    String longest = "x".repeat(Lines.MAX_BYTES);
    assertThat(read(stream(longest + "\n" + longest + "\n"))).containsExactly(longest, longest);
    assertThatThrownBy(() -> read(stream(longest + "x\n")))
        .hasMessageContaining("a line of more than " + Lines.MAX_BYTES);
  }

  @Test
  void whetherALineIsThereIsKnownWithoutWaiting() throws IOException {
    Lines lines = new Lines(stream("a\nb\nc"));
    assertThat(lines.isReady()).isFalse();
    assertThat(lines.next()).isEqualTo(new byte[] {'a'});
    assertThat(lines.isReady()).isTrue();
    assertThat(lines.next()).isEqualTo(new byte[] {'b'});
    assertThat(lines.isReady()).isFalse();
    assertThat(lines.next()).isNull();
  }

  private static List<String> read(InputStream in) {
    List<String> read = new ArrayList<>();
    Lines lines = new Lines(in);
    try {
      for (byte[] line = lines.next(); line != null; line = lines.next()) {
        read.add(new String(line, UTF_8));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return read;
  }

  private static InputStream stream(String text) {
    return new ByteArrayInputStream(text.getBytes(UTF_8));
  }

  private static InputStream inPieces(String text, RandomGenerator random) {
    return new ByteArrayInputStream(text.getBytes(UTF_8)) {
      @Override
      public int read(byte[] into, int from, int most) {
        return super.read(into, from, Math.min(most, 1 + random.nextInt(20_000)));
      }
    };
  }
}
