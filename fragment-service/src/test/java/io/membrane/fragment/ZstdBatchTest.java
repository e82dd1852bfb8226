package io.membrane.fragment;

import static io.membrane.fragment.FragmentHttp.code;
import static io.membrane.fragment.FragmentHttp.header;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.compression.ZstdStream;
import io.membrane.rpc.Frame;
import io.membrane.rpc.FrameReader;
import io.membrane.rpc.WireJson;
import io.membrane.wire.FragmentClient.Keys;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.test.context.TestPropertySource;

/** Batches that go as zstd, from a store that keeps fragments so. */
@TestPropertySource(properties = "membrane.fragment.compression=zstd")
class ZstdBatchTest extends RunningService {

  private final Random random = new Random(89);

  @Test
  void whoeverPrefersZstdGetsPayloadsAsTheyLieInTheStore() throws IOException {
    byte[] kv = Kv.bytes(random, 100_000);
    byte[] noise = Seeds.bytes(random, 150_000);
    FragmentKey compressed = put(kv);
    FragmentKey noisy = put(noise);
    FragmentKey missing = FragmentHttp.key(random);
    List<FragmentKey> keys = List.of(noisy, compressed, missing, compressed);
    HttpResponse<byte[]> got = get(keys, "zstd, identity;q=0.5");
    assertThat(header(got, "Content-Encoding")).isEqualTo("zstd");
    assertThat(header(got, "Vary")).isEqualTo("Accept-Encoding");
    assertThat(header(got, "Content-Type")).isEqualTo(Frame.MEDIA_TYPE);
    List<Frame> frames = expanded(got);
    assertThat(frames).extracting(Frame::status).containsExactly(200, 200, 404, 200);
    assertThat(frames.get(0).body()).isEqualTo(noise);
    assertThat(frames.get(1).body()).isEqualTo(kv);
    assertThat(frames.get(3).body()).isEqualTo(kv);
    HttpResponse<byte[]> plain = get(keys, "identity");
    assertThat(header(plain, "Content-Encoding")).isEmpty();
    assertThat(header(plain, "Vary")).isEqualTo("Accept-Encoding");
    assertThat(frames)
        .usingRecursiveComparison()
        .ignoringFieldsMatchingRegexes(".*header.meta.ttlSeconds", ".*header.problem.traceId")
        .isEqualTo(FragmentHttp.frames(plain));
    int saved = 2 * (kv.length - zstdBytes(compressed));
    assertThat(plain.body().length - got.body().length).isBetween(saved - 200, saved);
  }

  @Test
  void aBatchOfManyWindowsIsOneStream() throws IOException {
    List<byte[]> bodies = new ArrayList<>();
    List<FragmentKey> keys = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      bodies.add(Kv.bytes(random, 900_000));
      keys.add(put(bodies.getLast()));
    }
    HttpResponse<byte[]> got = get(keys, "zstd");
    assertThat(header(got, "Content-Length")).isEmpty();
    assertThat(got.body()).hasSizeLessThan(30 * 900_000 * 4 / 5);
    assertThat(expanded(got))
        .zipSatisfy(bodies, (frame, body) -> assertThat(frame.body()).isEqualTo(body));
  }

  @ParameterizedTest
  @ValueSource(strings = {"zstd", "identity, zstd"})
  void whatIsStoredAsItIsGoesAsItIs(String accept) throws IOException {
    byte[] noise = Seeds.bytes(random, 50_000);
    HttpResponse<byte[]> got = get(List.of(put(noise), FragmentHttp.key(random)), accept);
    assertThat(header(got, "Content-Encoding")).isEmpty();
    assertThat(FragmentHttp.frames(got).getFirst().body()).isEqualTo(noise);
  }

  @Test
  void whoeverRefusesIdentityGetsZstdWhateverIsStored() throws IOException {
    byte[] noise = Seeds.bytes(random, 50_000);
    HttpResponse<byte[]> got = get(List.of(put(noise)), "zstd, identity;q=0");
    assertThat(header(got, "Content-Encoding")).isEqualTo("zstd");
    assertThat(expanded(got).getFirst().body()).isEqualTo(noise);
    HttpResponse<byte[]> refused = get(List.of(put(noise)), "gzip, identity;q=0");
    assertThat(refused.statusCode()).isEqualTo(406);
    assertThat(code(refused)).isEqualTo("not_acceptable");
  }

  private FragmentKey put(byte[] body) throws IOException {
    FragmentKey key = FragmentHttp.key(random);
    assertThat(http.put(key, body).statusCode()).isEqualTo(201);
    return key;
  }

  private int zstdBytes(FragmentKey key) throws IOException {
    return http.get(key, "Accept-Encoding", "zstd").body().length;
  }

  private HttpResponse<byte[]> get(List<FragmentKey> keys, String accept) throws IOException {
    return http.send(
        http.request("/v1/fragments/batch-get")
            .header("Content-Type", "application/json")
            .header("Accept-Encoding", accept)
            .POST(BodyPublishers.ofString(WireJson.mapper().writeValueAsString(new Keys(keys)))));
  }

  private static List<Frame> expanded(HttpResponse<byte[]> answer) throws IOException {
    List<Frame> frames = new ArrayList<>();
    try (InputStream in = new ZstdStream(new ByteArrayInputStream(answer.body()))) {
      FrameReader reader = new FrameReader(in, 1 << 30, 1 << 20);
      for (Frame frame = reader.next(); frame != null; frame = reader.next()) {
        frames.add(frame);
      }
    }
    return frames;
  }
}
