package io.membrane.fragment;

import static io.membrane.fragment.FragmentHttp.code;
import static io.membrane.fragment.FragmentHttp.header;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdOutputStream;
import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.fixture.Seeds;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.test.context.TestPropertySource;

/** Fragments that go and come as zstd, from a store that keeps them so. */
@TestPropertySource(properties = "membrane.fragment.compression=zstd")
class ZstdOnTheWireTest extends RunningService {

  private final Random random = new Random(79);
  private final FragmentKey key = FragmentHttp.key(random);
  private final FragmentKey noisy = FragmentHttp.key(random);
  private final byte[] body = Kv.bytes(random, 100_000);
  private final byte[] noise = Seeds.bytes(random, 50_000);
  private final String plainEtag = ContentDigest.of(body).toEtag();
  private final String zstdEtag = plainEtag.replaceFirst("\"$", "-zstd\"");

  @BeforeEach
  void store() throws IOException {
    assertThat(http.put(key, body).statusCode()).isEqualTo(201);
    assertThat(http.put(noisy, noise).statusCode()).isEqualTo(201);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "zstd",
        "gzip, deflate, br, ZSTD",
        "zstd;q=0.1",
        "identity, zstd",
        "identity;q=0, *",
        "zstd, *;q=0"
      })
  void whoeverPrefersZstdGetsWhatIsStored(String accept) throws IOException {
    HttpResponse<byte[]> got = http.get(key, "Accept-Encoding", accept);
    assertThat(got.statusCode()).isEqualTo(200);
    assertThat(header(got, "Content-Encoding")).isEqualTo("zstd");
    assertThat(got.body()).hasSizeLessThan(body.length * 7 / 8);
    assertThat(Zstd.decompress(got.body(), body.length)).isEqualTo(body);
    assertThat(header(got, "Unencoded-Digest")).isEqualTo(ContentDigest.of(body).toReprDigest());
    assertThat(header(got, "Repr-Digest")).isEmpty();
    assertThat(header(got, "Accept-Ranges")).isEmpty();
    assertThat(header(got, "ETag")).isEqualTo(zstdEtag);
    assertThat(header(got, "Vary")).isEqualTo("Accept-Encoding");
    assertThat(header(got, "Membrane-Token-Span")).isEqualTo("0-16");
    HttpResponse<byte[]> head = http.head(key, "Accept-Encoding", accept);
    assertThat(head.headers().firstValueAsLong("Content-Length")).hasValue(got.body().length);
    assertThat(header(head, "ETag")).isEqualTo(zstdEtag);
    assertThat(header(head, "Content-Encoding")).isEqualTo("zstd");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "identity",
        "gzip, deflate",
        "zstd;q=0",
        "*",
        "identity;q=1, zstd;q=0.5",
        "zstd;q=0, identity",
        "zstd;q=none"
      })
  void whoeverDoesNotGetsTheBytesAsTheyAre(String accept) throws IOException {
    isPlain(http.get(key, "Accept-Encoding", accept), 200, body);
    assertThat(header(http.head(key, "Accept-Encoding", accept), "Content-Length"))
        .isEqualTo("100000");
  }

  private void isPlain(HttpResponse<byte[]> got, int status, byte[] bytes) {
    assertThat(got.statusCode()).isEqualTo(status);
    assertThat(got.body()).isEqualTo(bytes);
    assertThat(header(got, "Content-Encoding")).isEmpty();
    assertThat(header(got, "Unencoded-Digest")).isEmpty();
    assertThat(header(got, "Repr-Digest")).isNotEmpty();
    assertThat(header(got, "Vary")).isEqualTo("Accept-Encoding");
  }

  @Test
  void whatIsStoredAsItIsGoesAsItIsUnlessThatIsRefused() throws IOException {
    isPlain(http.get(noisy, "Accept-Encoding", "zstd"), 200, noise);
    for (String accept : List.of("identity;q=0, zstd", "*;q=0", "gzip, identity;q=0")) {
      HttpResponse<byte[]> refused = http.get(noisy, "Accept-Encoding", accept);
      assertThat(refused.statusCode()).as(accept).isEqualTo(406);
      assertThat(code(refused)).isEqualTo("not_acceptable");
      assertThat(http.head(noisy, "Accept-Encoding", accept).statusCode()).isEqualTo(406);
    }
    assertThat(http.get(key, "Accept-Encoding", "*;q=0").statusCode()).isEqualTo(406);
  }

  @Test
  void aRangeIsOneOfTheBytesAsTheyAre() throws IOException {
    HttpResponse<byte[]> part = http.get(key, "Accept-Encoding", "zstd", "Range", "bytes=5-99");
    isPlain(part, 206, Arrays.copyOfRange(body, 5, 100));
    assertThat(header(part, "ETag")).isEqualTo(plainEtag);
    HttpResponse<byte[]> whole =
        http.get(key, "Accept-Encoding", "zstd, identity;q=0", "Range", "bytes=5-99");
    assertThat(whole.statusCode()).isEqualTo(200);
    assertThat(header(whole, "Content-Encoding")).isEqualTo("zstd");
    isPlain(http.get(key, "Range", "bytes=5-99", "If-Range", zstdEtag), 200, body);
  }

  @Test
  void whoeverHasOneFormHasTheFragment() throws IOException {
    for (String accept : List.of("zstd", "identity")) {
      for (String tag : List.of(plainEtag, zstdEtag)) {
        HttpResponse<byte[]> known = http.get(key, "Accept-Encoding", accept, "If-None-Match", tag);
        assertThat(known.statusCode()).isEqualTo(304);
        assertThat(header(known, "ETag")).isEqualTo(tag);
        assertThat(header(known, "Vary")).isEqualTo("Accept-Encoding");
      }
    }
    assertThat(http.get(key, "If-None-Match", "\"other-zstd\"").statusCode()).isEqualTo(200);
  }

  @Test
  void damagedZstdIsAMissAndNeverSent() throws IOException {
    byte[] at =
        bodies().stream()
            .filter(
                b -> new String(b, java.nio.charset.StandardCharsets.US_ASCII).contains("-zstd-"))
            .findFirst()
            .orElseThrow();
    byte[] form = redis.get(at);
    form[form.length / 2] ^= 4;
    redis.set(at, form);
    assertThat(http.get(key, "Accept-Encoding", "zstd").statusCode()).isEqualTo(404);
  }

  @Test
  void aCodedPutIsAPutOfThePlainBytes() throws IOException {
    byte[] other = Kv.bytes(random, 300_000);
    byte[] coded = Zstd.compress(other, 3);
    FragmentKey fresh = FragmentHttp.key(random);
    HttpResponse<byte[]> stored =
        http.put(
            fresh,
            coded,
            "Content-Encoding",
            "zstd",
            "Repr-Digest",
            ContentDigest.of(coded).toReprDigest(),
            "Unencoded-Digest",
            ContentDigest.of(other).toReprDigest());
    assertThat(stored.statusCode()).isEqualTo(201);
    assertThat(header(stored, "Unencoded-Digest"))
        .isEqualTo(ContentDigest.of(other).toReprDigest());
    assertThat(header(stored, "ETag")).isEmpty();
    assertThat(header(stored, "Repr-Digest")).isEmpty();
    isPlain(http.get(fresh), 200, other);
    assertThat(http.put(fresh, other).statusCode()).isEqualTo(200);
    assertThat(http.put(fresh, coded, "Content-Encoding", "ZSTD").statusCode()).isEqualTo(200);
  }

  @Test
  void framesInAnyNumberAndOfUnknownLengthAreTaken() throws IOException {
    byte[] one = Kv.bytes(random, 1000);
    byte[] two = Kv.bytes(random, 400_000);
    ByteArrayOutputStream coded = new ByteArrayOutputStream();
    coded.writeBytes(Zstd.compress(one));
    try (ZstdOutputStream zstd = new ZstdOutputStream(coded, 1)) {
      zstd.write(two);
    }
    FragmentKey fresh = FragmentHttp.key(random);
    assertThat(http.put(fresh, coded.toByteArray(), "Content-Encoding", "zstd").statusCode())
        .isEqualTo(201);
    byte[] both = Arrays.copyOf(one, 401_000);
    System.arraycopy(two, 0, both, 1000, two.length);
    isPlain(http.get(fresh), 200, both);
  }

  @Test
  void wrongDigestsOfACodedPutStoreNothing() throws IOException {
    byte[] coded = Zstd.compress(body);
    FragmentKey fresh = FragmentHttp.key(random);
    String plain = ContentDigest.of(body).toReprDigest();
    String sent = ContentDigest.of(coded).toReprDigest();
    for (String[] headers :
        List.of(
            new String[] {"Content-Encoding", "zstd", "Repr-Digest", plain},
            new String[] {"Content-Encoding", "zstd", "Unencoded-Digest", sent})) {
      HttpResponse<byte[]> refused = http.put(fresh, coded, headers);
      assertThat(code(refused)).isEqualTo("digest_mismatch");
    }
    HttpResponse<byte[]> twoMinds =
        http.put(fresh, body, "Repr-Digest", plain, "Unencoded-Digest", sent);
    assertThat(code(twoMinds)).isEqualTo("digest_mismatch");
    assertThat(http.head(fresh).statusCode()).isEqualTo(404);
    assertThat(http.put(fresh, body, "Unencoded-Digest", plain).statusCode()).isEqualTo(201);
  }

  @Test
  void whatIsNotZstdIsMalformedAndStoresNothing() throws IOException {
    byte[] coded = Zstd.compress(body);
    FragmentKey fresh = FragmentHttp.key(random);
    for (byte[] bad :
        List.of(
            body,
            Arrays.copyOf(coded, coded.length - 1),
            Arrays.copyOf(coded, 3),
            Arrays.copyOf(coded, coded.length + 1),
            new byte[0])) {
      HttpResponse<byte[]> refused = http.put(fresh, bad, "Content-Encoding", "zstd");
      assertThat(refused.statusCode()).isEqualTo(400);
      assertThat(code(refused)).isEqualTo("malformed_request");
    }
    assertThat(http.head(fresh).statusCode()).isEqualTo(404);
  }

  @Test
  void aBombIsTooLarge() throws IOException {
    FragmentKey fresh = FragmentHttp.key(random);
    byte[] bomb = Zstd.compress(new byte[200 << 20]);
    byte[] largest = Zstd.compress(new byte[MAX_BYTES]);
    byte[] oneMore = Zstd.compress(new byte[MAX_BYTES + 1]);
    assertThat(http.put(fresh, bomb, "Content-Encoding", "zstd").statusCode()).isEqualTo(413);
    assertThat(http.put(fresh, oneMore, "Content-Encoding", "zstd").statusCode()).isEqualTo(413);
    assertThat(http.put(fresh, largest, "Content-Encoding", "zstd").statusCode()).isEqualTo(201);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "br", "zstd, zstd", "gzip, zstd", "dcz"})
  void anyOtherCodingIsRefusedAndTheAnswerTellsWhatIsTaken(String coding) throws IOException {
    HttpResponse<byte[]> refused =
        http.put(FragmentHttp.key(random), body, "Content-Encoding", coding);
    assertThat(refused.statusCode()).isEqualTo(415);
    assertThat(code(refused)).isEqualTo("unsupported_media_type");
    assertThat(header(refused, "Accept-Encoding")).isEqualTo("zstd, identity");
  }

  @Test
  void elsewhereNoCodingIsTaken() throws IOException {
    HttpResponse<byte[]> refused =
        http.send(
            http.request("/v1/fragments/exists")
                .POST(java.net.http.HttpRequest.BodyPublishers.ofString("{}"))
                .header("Content-Encoding", "zstd"));
    assertThat(refused.statusCode()).isEqualTo(415);
    assertThat(header(refused, "Accept-Encoding")).isEqualTo("identity");
  }
}
