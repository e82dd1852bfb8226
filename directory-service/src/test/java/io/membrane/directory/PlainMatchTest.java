package io.membrane.directory;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.WireJson;
import io.membrane.wire.MatchRequest;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JacksonException;

class PlainMatchTest {

  private static final String A = "ab".repeat(BlockHash.BYTES);
  private static final String B = "0".repeat(2 * BlockHash.BYTES);

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 17, 512})
  void hashesAreReadInTheirOrderWhateverSpaceIsBetween(int count) {
    Random random = new Random(count);
    List<BlockHash> chain = Stream.generate(() -> Seeds.hash(random)).limit(count).toList();
    for (String space : List.of("", " ", "\r\n\t ")) {
      String array =
          chain.stream()
              .map(hash -> space + "\"" + hash.hex() + "\"" + space)
              .collect(Collectors.joining(",", "[" + space, "]"));
      String body = String.join(space, "", "{", "\"block_hashes\"", ":", array, "}", "");
      PlainMatch match = Objects.requireNonNull(PlainMatch.parse(bytes(body)));
      assertThat(match.chain()).isEqualTo(chain);
      assertThat(body.substring(match.array().from(), match.array().to())).isEqualTo(array);
    }
  }

  @Test
  void whatSaysMoreOrSaysItInAnotherWayIsNotPlain() {
    for (String other :
        List.of(
            "",
            "{}",
            "null",
            "[\"" + A + "\"]",
            "{\"block_hashes\":null}",
            "{\"block_hashes\":[\"" + A + "\"]",
            "{\"block_hashes\":[\"" + A + "\",]}",
            "{\"block_hashes\":[,\"" + A + "\"]}",
            "{\"block_hashes\":[\"" + A + "\"\"" + B + "\"]}",
            "{\"block_hashes\":[\"" + A + "\"],\"needs\":[]}",
            "{\"namespace\":{},\"block_hashes\":[\"" + A + "\"]}",
            "{\"block_hashes\":[\"" + A + "\"]} {}",
            "{\"block_hashes\":[\"" + A + "\",\"" + B + "\",\"" + A + "\"]}",
            "{\"block_hashes\":[\"" + A.toUpperCase(Locale.ROOT) + "\"]}",
            "{\"block_hashes\":[\"" + A.substring(1) + "\"]}",
            "{\"block_hashes\":[\"" + A + "0\"]}",
            "{\"block_hashes\":[\"\\u0061" + A.substring(1) + "\"]}",
            "{'block_hashes':['" + A + "']}")) {
      assertThat(PlainMatch.parse(bytes(other))).as("%s", other).isNull();
    }
  }

  @Test
  void aDamagedBodyIsReadAsTheEndpointReadsItOrNotAtAll() {
    Random random = new Random(5);
    byte[] whole = bytes("{\"block_hashes\":[\"" + A + "\", \"" + B + "\"]}");
    for (int i = 0; i < 20_000; i++) {
      byte[] body = whole.clone();
      for (int flips = 1 + random.nextInt(2); flips > 0; flips--) {
        body[random.nextInt(body.length)] =
            (byte) " {}[]:,\"abz0\\\n\0\u00e9".charAt(random.nextInt(16));
      }
      PlainMatch match = PlainMatch.parse(body);
      if (match != null) {
        assertThat(match.chain()).as("%s", text(body)).isEqualTo(read(body));
      }
    }
    for (int length = 0; length < whole.length; length++) {
      assertThat(PlainMatch.parse(Arrays.copyOf(whole, length))).isNull();
    }
  }

  private static List<BlockHash> read(byte[] body) {
    try {
      MatchRequest request = WireJson.mapper().readValue(body, MatchRequest.class);
      return Objects.requireNonNull(request.blockHashes());
    } catch (JacksonException e) {
      throw new AssertionError(text(body), e);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String text(byte[] body) {
    return new String(body, StandardCharsets.ISO_8859_1);
  }
}
