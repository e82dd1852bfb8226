package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.connector.RawClient;
import io.membrane.fragment.hot.ReadOutcome;
import io.membrane.fragment.store.FragmentMetric;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;

/** A fragment in memory is answered as the endpoint answers it, header for header. */
class MemoryReadParityTest extends RunningService {

  private final Random random = new Random(29);
  private final FragmentKey key = FragmentHttp.key(random);
  private final byte[] body = Seeds.bytes(random, 200_000);

  @Autowired private MeterRegistry meters;
  private String etag = "";

  @BeforeEach
  void store() throws IOException {
    etag = FragmentHttp.header(http.put(key, body, "Membrane-Ttl", "5000"), "ETag");
  }

  @Test
  void everyAnswerIsTheSameOnBothWays() throws IOException {
    List<List<String>> questions =
        List.of(
            List.of(),
            List.of("Range", "bytes=5-100000"),
            List.of("Range", "bytes=-1"),
            List.of("Range", "bytes=7-"),
            List.of("Range", "bytes=200000-"),
            List.of("Range", "bytes=0-1,4-5"),
            List.of("Range", "bytes=0-9", "If-Range", etag),
            List.of("Range", "bytes=0-9", "If-Range", "\"other\""),
            List.of("If-None-Match", etag),
            List.of("If-None-Match", "W/" + etag),
            List.of("If-None-Match", "*"),
            List.of("If-None-Match", "\"other\""),
            List.of("If-None-Match", "\"other\", " + etag),
            List.of("Accept-Encoding", "gzip, deflate"),
            List.of("Accept-Encoding", "zstd"),
            List.of("Accept-Encoding", "identity;q=0"),
            List.of("If-None-Match", etag.replaceFirst("\"$", "-zstd\"")));
    long[] before = counts();
    for (List<String> headers : questions) {
      isTheSame("GET", headers);
      isTheSame("HEAD", headers);
    }
    // A read is counted after its last byte has left.
    Awaitility.await()
        .untilAsserted(() -> {
          long[] after = counts();
          assertThat(IntStream.range(0, 4).mapToLong(i -> after[i] - before[i]))
              .containsExactly(4L, 4L, 10L, 6L);
        });
  }

  private long[] counts() {
    return Stream.of(
            ReadOutcome.WHOLE, ReadOutcome.PART, ReadOutcome.HEAD, ReadOutcome.NOT_MODIFIED)
        .mapToLong(outcome ->
            meters
                .get(FragmentMetric.MEMORY_READS.meter())
                .tag("outcome", outcome.tag())
                .timer()
                .count())
        .toArray();
  }

  @Test
  void aConnectionIsKeptForAnyNumberOfRequests() throws IOException {
    try (RawClient client = RawClient.to(port())) {
      for (int i = 0; i < 250; i++) {
        assertThat(client.ask("HEAD", "/v1/fragments/" + key).header("Connection")).isEmpty();
      }
    }
  }

  @Test
  void aConnectionThatAsksTheSameWayAgainIsAnsweredTheSameWay() throws IOException {
    Map<String, List<String>> slow = known(slow("GET", key, List.of()));
    try (RawClient client = RawClient.to(port())) {
      for (int i = 0; i < 20; i++) {
        RawClient.Answer answer = client.ask("GET", "/v1/fragments/" + key);
        assertThat(answer.body()).isEqualTo(body);
        Map<String, List<String>> fast = new TreeMap<>();
        answer.headers().forEach((n, v) -> fast.put(n.toLowerCase(Locale.ROOT), List.of(v)));
        fast.remove("date");
        fast.replace("membrane-ttl", List.of("some"));
        assertThat(fast).isEqualTo(slow);
      }
      http.delete(key);
      assertThat(client.ask("GET", "/v1/fragments/" + key).status()).isEqualTo(404);
    }
  }

  @Test
  void pinsSignaturesAndParentsAreToldOnBothWays() throws IOException {
    FragmentKey pinned = FragmentHttp.key(random);
    http.put(pinned, body, "Membrane-Pin", "true");
    assertThat(known(http.head(pinned))).isEqualTo(known(slow("HEAD", pinned, List.of())));
    assertThat(known(http.head(pinned))).containsKey("membrane-pin");
  }

  private void isTheSame(String method, List<String> headers) throws IOException {
    String[] lines = headers.toArray(String[]::new);
    HttpResponse<byte[]> fast = method.equals("GET") ? http.get(key, lines) : http.head(key, lines);
    HttpResponse<byte[]> slow = slow(method, key, headers);
    assertThat(fast.statusCode()).as(method + headers).isEqualTo(slow.statusCode());
    assertThat(known(fast)).as(method + headers).isEqualTo(known(slow));
    if (fast.statusCode() < 400) {
      assertThat(fast.body()).as(method + headers).isEqualTo(slow.body());
    }
  }

  /** By a path that the valve does not read. */
  private HttpResponse<byte[]> slow(String method, FragmentKey asked, List<String> headers)
      throws IOException {
    String path = "/v1/fragments/" + asked.toString().replace("attn", "%61ttn");
    String[] lines = headers.toArray(String[]::new);
    var request =
        http.request(path).method(method, java.net.http.HttpRequest.BodyPublishers.noBody());
    return http.send(lines.length == 0 ? request : request.headers(lines));
  }

  /** Without what differs from second to second, or from error to error. */
  private static Map<String, List<String>> known(HttpResponse<byte[]> answer) {
    Map<String, List<String>> headers = new TreeMap<>(answer.headers().map());
    headers.remove("date");
    if (answer.statusCode() >= 400) {
      headers.remove("content-length");
    }
    headers.computeIfPresent("membrane-ttl", (name, seconds) -> List.of("some"));
    return headers;
  }
}
