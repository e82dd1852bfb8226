package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.Frame;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The service against a map that never overwrites. */
class OracleTest extends RunningService {

  private static final int STEPS = 60;

  @Test
  void anySequenceOfCallsAnswersAsAMapThatNeverOverwrites() {
    Seeds.forAll(
        6,
        random -> {
          List<FragmentKey> keys =
              IntStream.range(0, 5).mapToObj(i -> FragmentHttp.key(random)).toList();
          Map<FragmentKey, byte[]> oracle = new HashMap<>();
          for (int step = 0; step < STEPS; step++) {
            try {
              step(random, keys, oracle);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        });
  }

  private void step(RandomGenerator random, List<FragmentKey> keys, Map<FragmentKey, byte[]> oracle)
      throws IOException {
    FragmentKey key = keys.get(random.nextInt(keys.size()));
    byte[] held = oracle.get(key);
    switch (random.nextInt(6)) {
      case 0, 1 -> {
        byte[] body = new byte[1 + random.nextInt(3)];
        Arrays.fill(body, (byte) random.nextInt(2));
        int expected = held == null ? 201 : Arrays.equals(held, body) ? 200 : 409;
        assertThat(http.put(key, body).statusCode()).isEqualTo(expected);
        oracle.putIfAbsent(key, body);
      }
      case 2 -> {
        assertThat(http.delete(key).statusCode()).isEqualTo(204);
        oracle.remove(key);
      }
      case 3 -> {
        HttpResponse<byte[]> got = http.get(key);
        assertThat(got.statusCode()).isEqualTo(held == null ? 404 : 200);
        if (held != null) {
          assertThat(got.body()).isEqualTo(held);
          assertThat(FragmentHttp.header(http.head(key), "ETag"))
              .isEqualTo(ContentDigest.of(held).toEtag());
        }
      }
      case 4 -> {
        List<Boolean> present = keys.stream().map(oracle::containsKey).toList();
        int leading = present.indexOf(false) < 0 ? present.size() : present.indexOf(false);
        assertThat(http.exists(keys).present()).isEqualTo(present);
        assertThat(http.exists(keys).leading()).isEqualTo(leading);
      }
      default -> {
        List<Frame> frames = http.batchGet(keys);
        for (int i = 0; i < keys.size(); i++) {
          byte[] body = oracle.get(keys.get(i));
          assertThat(frames.get(i).status()).isEqualTo(body == null ? 404 : 200);
          assertThat(frames.get(i).body()).isEqualTo(body == null ? new byte[0] : body);
        }
      }
    }
  }
}
