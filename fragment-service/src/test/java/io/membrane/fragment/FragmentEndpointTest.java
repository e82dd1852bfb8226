package io.membrane.fragment;

import static io.membrane.fragment.FragmentHttp.code;
import static io.membrane.fragment.FragmentHttp.header;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Signature;
import io.membrane.block.TokenSpan;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.store.MemoryTier;
import io.membrane.fragment.store.Name;
import io.membrane.rpc.WireJson;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.annotation.Autowired;

class FragmentEndpointTest extends RunningService {

  private final Random random = new Random(11);
  private final FragmentKey key = FragmentHttp.key(random);
  private final byte[] body = Seeds.bytes(random, 1000);

  @Autowired private MemoryTier memory;

  @Test
  void aFragmentIsStoredAndGivenBackWithAllItsHeaders() throws IOException {
    Signature signature =
        new Signature(
            Seeds.namespace(16), "paged", 4, 2, 8, new TokenSpan(0, 16), "rope:llama3", 500_000.0);
    String json = WireJson.mapper().writeValueAsString(signature);

    HttpResponse<byte[]> put =
        http.put(
            key,
            body,
            "Membrane-Signature",
            json,
            "Membrane-Ttl",
            "600",
            "Repr-Digest",
            ContentDigest.of(body).toReprDigest());
    HttpResponse<byte[]> got = http.get(key);

    assertThat(put.statusCode()).isEqualTo(201);
    assertThat(header(put, "ETag")).isEqualTo(ContentDigest.of(body).toEtag());
    assertThat(header(put, "Repr-Digest")).isEqualTo(ContentDigest.of(body).toReprDigest());
    assertThat(header(put, "Membrane-Log-Position")).matches("\\d+-\\d+");
    assertThat(got.statusCode()).isEqualTo(200);
    assertThat(got.body()).isEqualTo(body);
    assertThat(header(got, "ETag")).isEqualTo(header(put, "ETag"));
    assertThat(header(got, "Repr-Digest")).isEqualTo(header(put, "Repr-Digest"));
    assertThat(header(got, "Membrane-Log-Position"))
        .isEqualTo(header(put, "Membrane-Log-Position"));
    assertThat(header(got, "Content-Length")).isEqualTo("1000");
    assertThat(header(got, "Content-Type")).isEqualTo("application/octet-stream");
    assertThat(header(got, "Accept-Ranges")).isEqualTo("bytes");
    assertThat(header(got, "Membrane-Namespace")).isEqualTo(FragmentHttp.META.get(1));
    assertThat(header(got, "Membrane-Parent")).isEqualTo("root");
    assertThat(header(got, "Membrane-Token-Span")).isEqualTo("0-16");
    assertThat(header(got, "Membrane-Signature")).isEqualTo(json);
    assertThat(Integer.parseInt(header(got, "Membrane-Ttl"))).isBetween(590, 600);
  }

  @Test
  void headAnswersAsGetDoesWithoutTheBody() throws IOException {
    http.put(key, body, "Membrane-Pin", "true");
    HttpResponse<byte[]> head = http.head(key);
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    assertThat(headers(head)).isEqualTo(headers(http.get(key)));
    assertThat(header(head, "Membrane-Pin")).isEqualTo("true");
    assertThat(header(head, "Membrane-Ttl")).isEmpty();
  }

  @Test
  void equalBytesAgainAreFineAndOtherBytesAConflictThatKeepsTheFirst() throws IOException {
    assertThat(http.put(key, body).statusCode()).isEqualTo(201);
    assertThat(http.put(key, body).statusCode()).isEqualTo(200);
    HttpResponse<byte[]> other = http.put(key, bytes("other"));
    assertThat(other.statusCode()).isEqualTo(409);
    assertThat(code(other)).isEqualTo("fragment_conflict");
    assertThat(http.get(key).body()).isEqualTo(body);
  }

  @Test
  void whoPrefersItIsAnsweredBeforeRedisHasTheBytesAndToldSo() throws IOException {
    HttpResponse<byte[]> put = http.put(key, body, "Prefer", "wait=5, respond-async");
    assertThat(put.statusCode()).isEqualTo(202);
    assertThat(header(put, "Preference-Applied")).isEqualTo("respond-async");
    assertThat(header(put, "ETag")).isEqualTo(ContentDigest.of(body).toEtag());
    assertThat(http.get(key).body()).isEqualTo(body);
    Awaitility.await().until(() -> bodies().size() == 1);

    HttpResponse<byte[]> again = http.put(key, body, "Prefer", "respond-async");
    assertThat(again.statusCode()).isIn(200, 202);
    assertThat(header(http.put(key, body), "Preference-Applied")).isEmpty();
    assertThat(http.put(FragmentHttp.key(random), new byte[0], "Prefer", "respond-async"))
        .extracting(HttpResponse::statusCode)
        .isEqualTo(422);
  }

  @Test
  void whatIsNotThereIsNotFoundAndMayBeDeleted() throws IOException {
    assertThat(http.get(key).statusCode()).isEqualTo(404);
    assertThat(code(http.get(key))).isEqualTo("fragment_not_found");
    assertThat(http.head(key).statusCode()).isEqualTo(404);
    assertThat(http.delete(key).statusCode()).isEqualTo(204);
    http.put(key, body);
    assertThat(http.delete(key).statusCode()).isEqualTo(204);
    assertThat(http.get(key).statusCode()).isEqualTo(404);
  }

  @Test
  void aWrongDigestIsRefusedAndNothingIsStored() throws IOException {
    HttpResponse<byte[]> put =
        http.put(key, body, "Repr-Digest", ContentDigest.of(new byte[1]).toReprDigest());
    assertThat(put.statusCode()).isEqualTo(422);
    assertThat(code(put)).isEqualTo("digest_mismatch");
    assertThat(bodies()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "bytes=0-0,0,0",
    "bytes=0-999,0,999",
    "bytes=10-19,10,19",
    "bytes=990-5000,990,999",
    "bytes=500-,500,999",
    "bytes=-1,999,999",
    "bytes=-5000,0,999",
    "BYTES=1-2,1,2",
  })
  void aRangeIsAPartOfTheBytes(String range, int from, int to) throws IOException {
    http.put(key, body);
    HttpResponse<byte[]> part = http.get(key, "Range", range);
    assertThat(part.statusCode()).isEqualTo(206);
    assertThat(part.body()).isEqualTo(Arrays.copyOfRange(body, from, to + 1));
    assertThat(header(part, "Content-Range")).isEqualTo("bytes %d-%d/1000".formatted(from, to));
    assertThat(header(part, "ETag")).isEqualTo(ContentDigest.of(body).toEtag());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "bytes=1000-|416|range_not_satisfiable",
        "bytes=-0|416|range_not_satisfiable",
        "bytes=0-1,5-6|416|range_not_satisfiable",
        "bytes=5-2|400|malformed_request",
        "bytes=a-b|400|malformed_request",
        "bytes=|400|malformed_request",
        "bytes=99999999999999999999-|400|malformed_request",
      })
  void aRangeThatCannotBeServedSaysWhy(String range, int status, String code) throws IOException {
    http.put(key, body);
    HttpResponse<byte[]> answer = http.get(key, "Range", range);
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(code(answer)).isEqualTo(code);
    assertThat(header(answer, "Content-Range")).isEqualTo(status == 416 ? "bytes */1000" : "");
  }

  @Test
  void anUnknownRangeUnitAndAnOutdatedIfRangeGetTheWhole() throws IOException {
    http.put(key, body);
    assertThat(http.get(key, "Range", "lines=0-1").body()).isEqualTo(body);
    assertThat(http.get(key, "Range", "bytes=0-1", "If-Range", "\"other\"").body()).isEqualTo(body);
    String etag = ContentDigest.of(body).toEtag();
    assertThat(http.get(key, "Range", "bytes=0-1", "If-Range", etag).body()).hasSize(2);
  }

  @Test
  void whoHasTheBytesIsNotSentThem() throws IOException {
    http.put(key, body);
    String etag = ContentDigest.of(body).toEtag();
    for (String tags : List.of(etag, "\"x\", " + etag, "W/" + etag, "*")) {
      HttpResponse<byte[]> answer = http.get(key, "If-None-Match", tags);
      assertThat(answer.statusCode()).as(tags).isEqualTo(304);
      assertThat(answer.body()).isEmpty();
      assertThat(header(answer, "ETag")).isEqualTo(etag);
    }
    assertThat(http.get(key, "If-None-Match", "\"x\"").statusCode()).isEqualTo(200);
    assertThat(http.head(key, "If-None-Match", etag).statusCode()).isEqualTo(304);
  }

  @Test
  void aChunkedBodyIsStoredUpToTheLimitAndNotBeyond() throws IOException {
    byte[] largest = Seeds.bytes(random, MAX_BYTES);
    assertThat(chunked(key, largest).statusCode()).isEqualTo(201);
    assertThat(http.get(key).body()).isEqualTo(largest);
    FragmentKey other = FragmentHttp.key(random);
    HttpResponse<byte[]> tooLarge = chunked(other, new byte[MAX_BYTES + 1]);
    assertThat(tooLarge.statusCode()).isEqualTo(413);
    assertThat(code(tooLarge)).isEqualTo("too_large");
    assertThat(http.head(other).statusCode()).isEqualTo(404);
  }

  @Test
  void aBodyWithALengthIsStoredUpToTheLimitAndNotBeyond() throws IOException {
    assertThat(http.put(key, new byte[MAX_BYTES]).statusCode()).isEqualTo(201);
    HttpResponse<byte[]> tooLarge = http.put(FragmentHttp.key(random), new byte[MAX_BYTES + 1]);
    assertThat(tooLarge.statusCode()).isEqualTo(413);
    assertThat(code(tooLarge)).isEqualTo("too_large");
  }

  @Test
  void theTypeOfTheBodyDoesNotMatter() throws IOException {
    for (String type :
        List.of("application/json", "application/x-www-form-urlencoded", "multipart/form-data")) {
      FragmentKey any = FragmentHttp.key(random);
      byte[] payload = bytes("a=b&c=d " + type);
      assertThat(http.put(any, payload, "Content-Type", type).statusCode()).as(type).isEqualTo(201);
      assertThat(http.get(any, "Accept", "text/html").body()).isEqualTo(payload);
    }
  }

  @Test
  void ofManyPutsAtOnceOneIsCreatedAndItsBytesStay() throws Exception {
    List<Callable<String>> puts = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      byte[] bytes = bytes("body " + i % 2);
      puts.add(() -> http.put(key, bytes).statusCode() + " " + new String(bytes, 0, 6, US_ASCII));
    }
    Map<String, Long> answers;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<String> got = new ArrayList<>();
      for (Future<String> answer : threads.invokeAll(puts)) {
        got.add(answer.get());
      }
      answers = got.stream().collect(Collectors.groupingBy(a -> a, Collectors.counting()));
    }
    String kept = new String(http.get(key).body(), US_ASCII);
    String lost = kept.equals("body 0") ? "body 1" : "body 0";
    assertThat(answers).isEqualTo(Map.of("201 " + kept, 1L, "200 " + kept, 7L, "409 " + lost, 8L));
  }

  @Test
  void anUploadThatBreaksOffStoresNothing() throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
      StringBuilder head = new StringBuilder("PUT /v1/fragments/" + key + " HTTP/1.1\r\n");
      head.append("Host: localhost\r\nContent-Length: 100000\r\n");
      for (int i = 0; i < FragmentHttp.META.size(); i += 2) {
        head.append(FragmentHttp.META.get(i) + ": " + FragmentHttp.META.get(i + 1) + "\r\n");
      }
      socket.getOutputStream().write(bytes(head + "\r\n"));
      socket.getOutputStream().write(new byte[50_000]);
      socket.getOutputStream().flush();
      Awaitility.await().until(() -> memory.passingBytes() > 0);
    }
    Awaitility.await().until(() -> memory.passingBytes() == 0);
    assertThat(http.head(key).statusCode()).isEqualTo(404);
    assertThat(bodies()).isEmpty();
  }

  @Test
  void moreTransfersThanFitInMemoryAreRefusedForNow() throws IOException {
    http.put(key, body);
    FragmentKey elsewhere = FragmentHttp.key(random);
    http.put(elsewhere, bytes("in Redis alone"));
    memory.forget(Name.of("tenant:default", elsewhere));
    try (Claim all = memory.claim(0)) {
      while (all.grow(4096)) {
        // until nothing is left
      }
      HttpResponse<byte[]> put = http.put(FragmentHttp.key(random), body);
      assertThat(put.statusCode()).isEqualTo(429);
      assertThat(code(put)).isEqualTo("overloaded");
      assertThat(header(put, "Retry-After")).isEqualTo("1");
      assertThat(http.get(elsewhere, "Membrane-Deadline-Ms", "300").statusCode()).isEqualTo(429);
      assertThat(http.head(elsewhere).statusCode()).isEqualTo(200);
      assertThat(http.get(key).statusCode()).as("what is in memory").isEqualTo(200);
    }
    assertThat(http.get(elsewhere).statusCode()).isEqualTo(200);
  }

  @Test
  void aFullRedisIsSaidToBeFullAndKeepsNoHalves() throws IOException {
    redis.configSet("maxmemory", "1kb");
    try {
      HttpResponse<byte[]> put = http.put(key, body);
      assertThat(put.statusCode()).isEqualTo(507);
      assertThat(code(put)).isEqualTo("storage_full");
      assertThat(bodies()).isEmpty();
    } finally {
      redis.configSet("maxmemory", "0");
    }
    assertThat(http.put(key, body).statusCode()).isEqualTo(201);
  }

  private HttpResponse<byte[]> chunked(FragmentKey target, byte[] bytes) throws IOException {
    HttpRequest.Builder request =
        http.request("/v1/fragments/" + target)
            .PUT(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(bytes)))
            .headers(FragmentHttp.META.toArray(String[]::new));
    return http.send(request);
  }

  private static Map<String, List<String>> headers(HttpResponse<byte[]> answer) {
    return answer.headers().map().entrySet().stream()
        .filter(header -> !header.getKey().equalsIgnoreCase("Date"))
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }
}
