package io.membrane.fragment.hot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.connector.RawClient;
import io.membrane.fragment.connector.RawClient.Answer;
import io.membrane.fragment.connector.RunningTomcat;
import io.membrane.fragment.connector.TestKeys;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.apache.catalina.LifecycleException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The valve in a real server, seen from the wire. Status 299 says that it has passed on. */
class FragmentReadValveTest {

  private static final int PASSED_ON = 299;
  private static final int BYTES = 1_000_000;

  @TempDir private Path folder;

  private final Random random = new Random(3);
  private final FragmentKey key = new FragmentKey(Seeds.hash(random), Slice.attention(4));
  private final String path = "/v1/fragments/" + key;
  private final byte[] body = Seeds.bytes(random, BYTES);
  private final MeterRegistry meters = new SimpleMeterRegistry();
  private final MemoryOfFragments memory = new MemoryOfFragments();
  private String etag = "";
  private RunningTomcat tomcat;
  private RawClient client;

  @BeforeEach
  void start() throws IOException, LifecycleException {
    etag = memory.keep("default", key, body);
    tomcat = started(new RunningTomcat(folder));
    client = RawClient.to(tomcat.port());
  }

  private RunningTomcat started(RunningTomcat made) throws LifecycleException {
    return made.start(
        (request, response) -> response.setStatus(PASSED_ON),
        new FragmentReadValve(memory, this::timer, () -> false));
  }

  private Timer timer(ReadOutcome outcome) {
    return Timer.builder("reads").tag("outcome", outcome.tag()).register(meters);
  }

  /** A read is counted after its last byte has left. */
  private void awaitCount(ReadOutcome outcome, long times) {
    await().untilAsserted(() -> assertThat(count(outcome)).isEqualTo(times));
  }

  private long count(ReadOutcome outcome) {
    return timer(outcome).count();
  }

  @AfterEach
  void stop() throws IOException, LifecycleException {
    client.close();
    tomcat.close();
    memory.forget("default", key);
    assertThat(memory.offHeap().leaks()).isZero();
    assertThat(memory.offHeap().usedBytes()).isZero();
    memory.close();
  }

  @Test
  void theWholeIsAnsweredWithAllHeaders() throws IOException {
    Answer answer = client.ask("GET", path);
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo(body);
    assertThat(answer.header("ETag")).isEqualTo(etag);
    assertThat(answer.header("Membrane-Parent")).isEqualTo("root");
    assertThat(answer.header("Membrane-Ttl")).isEqualTo("77");
    assertThat(answer.header("Accept-Ranges")).isEqualTo("bytes");
    assertThat(answer.header("Content-Type")).isEqualTo("application/octet-stream");
    awaitCount(ReadOutcome.WHOLE, 1);
  }

  @Test
  void aHeadIsAnsweredWithTheLengthAndWithoutTheBytes() throws IOException {
    Answer answer = client.ask("HEAD", path, "Range: bytes=0-4");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("Content-Length")).isEqualTo("1000000");
    assertThat(answer.header("ETag")).isEqualTo(etag);
    assertThat(client.ask("GET", path).body()).isEqualTo(body);
    awaitCount(ReadOutcome.HEAD, 1);
  }

  @Test
  void aRangeIsAnsweredWithItsPart() throws IOException {
    isPart("bytes=0-0", 0, 1);
    isPart("bytes=10-99999", 10, 100_000);
    isPart("bytes=999999-", 999_999, BYTES);
    isPart("bytes=500000-2000000", 500_000, BYTES);
    isPart("bytes=-7", BYTES - 7, BYTES);
    isPart("bytes=-2000000", 0, BYTES);
    awaitCount(ReadOutcome.PART, 6);
  }

  private void isPart(String range, int from, int end) throws IOException {
    Answer answer = client.ask("GET", path, "Range: " + range);
    assertThat(answer.status()).isEqualTo(206);
    assertThat(answer.header("Content-Range"))
        .isEqualTo("bytes " + from + "-" + (end - 1) + "/" + BYTES);
    assertThat(answer.body()).isEqualTo(Arrays.copyOfRange(body, from, end));
  }

  @Test
  void aRangeOfOtherBytesThanTheCallerKnowsIsTheWhole() throws IOException {
    assertThat(client.ask("GET", path, "Range: bytes=0-4", "If-Range: " + etag).body()).hasSize(5);
    assertThat(client.ask("GET", path, "Range: bytes=0-4", "If-Range: \"other\"").body())
        .isEqualTo(body);
  }

  @Test
  void whatTheCallerHasIsNotSentAgain() throws IOException {
    for (String tag : new String[] {etag, "W/" + etag, "*"}) {
      for (String method : new String[] {"GET", "HEAD"}) {
        Answer answer = client.ask(method, path, "If-None-Match: " + tag, "Range: bytes=0-4");
        assertThat(answer.status()).isEqualTo(304);
        assertThat(answer.header("ETag")).isEqualTo(etag);
      }
    }
    assertThat(client.ask("GET", path, "If-None-Match: \"other\"").body()).isEqualTo(body);
    awaitCount(ReadOutcome.NOT_MODIFIED, 6);
  }

  @Test
  void anotherTenantsFragmentIsNotThere() throws IOException {
    assertThat(client.ask("GET", path, "Membrane-Tenant: other").status()).isEqualTo(PASSED_ON);
    assertThat(client.ask("GET", path, "Membrane-Tenant: default").status()).isEqualTo(200);
    awaitCount(ReadOutcome.ABSENT, 1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Range: bytes=1000000-",
        "Range: bytes=-0",
        "Range: bytes=0-1,3-4",
        "Range: bytes=2-1",
        "Range: bytes=0-1\r\nRange: bytes=0-1",
        "If-Range: \"a\"\r\nIf-Range: \"b\"",
        "If-None-Match: \"a\", \"b\"",
        "If-None-Match: \"a\"\r\nIf-None-Match: \"b\"",
        "Membrane-Tenant: a b",
        "Membrane-Tenant:",
        "Membrane-Tenant: a\r\nMembrane-Tenant: b",
        "Membrane-Deadline-Ms: 0",
        "Membrane-Deadline-Ms: soon",
        "Membrane-Deadline-Ms: -1",
        "Content-Encoding: gzip",
        "Accept-Encoding: zstd",
        "Accept-Encoding: gzip, ZSTD;q=0.5",
        "Accept-Encoding: *",
        "Accept-Encoding: identity;q=0",
        "Accept-Encoding: gzip\r\nAccept-Encoding: zstd",
        "If-None-Match: \"a-zstd\"",
        "Content-Length: 0",
        "Expect: 100-continue"
      })
  void anOddHeaderIsPassedOn(String header) throws IOException {
    assertThat(client.ask("GET", path, header).status()).isEqualTo(PASSED_ON);
  }

  @Test
  void anyOtherRequestIsPassedOn() throws IOException {
    String absent = "/v1/fragments/" + new FragmentKey(Seeds.hash(random), Slice.attention(4));
    assertThat(client.ask("GET", absent).status()).isEqualTo(PASSED_ON);
    assertThat(client.ask("HEAD", absent).status()).isEqualTo(PASSED_ON);
    assertThat(client.ask("DELETE", path).status()).isEqualTo(PASSED_ON);
    assertThat(client.ask("GET", path + "?x=1").status()).isEqualTo(PASSED_ON);
    assertThat(client.ask("GET", path + "/").status()).isEqualTo(PASSED_ON);
    assertThat(client.ask("GET", path + ";a=b").status()).isEqualTo(PASSED_ON);
    assertThat(client.ask("GET", path.replace("attn", "%61ttn")).status()).isEqualTo(PASSED_ON);
    assertThat(client.ask("GET", "/v1/fragments/exists").status()).isEqualTo(PASSED_ON);
    awaitCount(ReadOutcome.ABSENT, 2);
  }

  @Test
  void aConnectionServesAnyNumberOfRequests() throws IOException {
    for (int i = 0; i < 300; i++) {
      assertThat(client.ask("GET", path, "Range: bytes=" + i + "-" + (i + 50_000)).body())
          .isEqualTo(Arrays.copyOfRange(body, i, i + 50_001));
    }
    assertThat(tomcat.connections()).isEqualTo(1);
  }

  @Test
  void requestsThatAreSentAheadAreAnsweredInTheirOrder() throws IOException {
    for (int i = 0; i < 20; i++) {
      client.send("GET", path, "Range: bytes=" + i + "-" + (i + 70_000));
      client.send("HEAD", path);
    }
    for (int i = 0; i < 20; i++) {
      assertThat(client.answerTo("GET").body()).isEqualTo(Arrays.copyOfRange(body, i, i + 70_001));
      assertThat(client.answerTo("HEAD").status()).isEqualTo(200);
    }
  }

  @Test
  void anOldOrClosingCallerIsAnsweredAndItsConnectionClosed() throws IOException {
    client.sendText("GET " + path + " HTTP/1.0\r\n\r\n");
    assertThat(client.answerTo("GET").body()).isEqualTo(body);
    assertThat(client.toTheEnd()).isZero();
    try (RawClient closing = RawClient.to(tomcat.port())) {
      assertThat(closing.ask("GET", path, "Connection: close").body()).isEqualTo(body);
      assertThat(closing.toTheEnd()).isZero();
    }
  }

  @Test
  void aSlowCallerKeepsItsLeaseAndNobodyElseWaiting() throws IOException {
    FragmentKey large = new FragmentKey(Seeds.hash(random), Slice.attention(1));
    byte[] bytes = Seeds.bytes(random, 32 << 20);
    memory.keep("default", large, bytes);
    try (RawClient slow = RawClient.narrow(tomcat.port())) {
      slow.send("GET", "/v1/fragments/" + large);
      slow.await();
      memory.forget("default", large);
      for (int i = 0; i < 20; i++) {
        assertThat(client.ask("GET", path).body()).isEqualTo(body);
      }
      assertThat(memory.offHeap().usedBytes()).isGreaterThan(bytes.length);
      assertThat(slow.answerTo("GET").body()).isEqualTo(bytes);
    }
  }

  @Test
  void aCallerThatLeavesInTheMiddleGivesTheLeaseBack() throws IOException {
    FragmentKey large = new FragmentKey(Seeds.hash(random), Slice.attention(1));
    memory.keep("default", large, new byte[32 << 20]);
    for (int i = 0; i < 10; i++) {
      try (RawClient leaving = RawClient.narrow(tomcat.port())) {
        leaving.send("GET", "/v1/fragments/" + large);
        leaving.bytes(20_000);
      }
    }
    memory.forget("default", large);
    await().until(() -> count(ReadOutcome.BROKEN) == 10);
    await().until(() -> memory.offHeap().usedBytes() < 2 * BYTES && tomcat.connections() == 1);
    assertThat(client.ask("GET", path).body()).isEqualTo(body);
  }

  @Test
  void overTlsTheAnswersAreTheSame() throws Exception {
    TestKeys keys = TestKeys.in(folder);
    try (RunningTomcat secure =
            started(new RunningTomcat(folder).tls(keys.file(), TestKeys.PASSWORD));
        RawClient caller = new RawClient(keys.connect(secure.port()))) {
      assertThat(caller.ask("GET", path).body()).isEqualTo(body);
      assertThat(caller.ask("GET", path, "Range: bytes=5-400000").body())
          .isEqualTo(Arrays.copyOfRange(body, 5, 400_001));
      assertThat(caller.ask("HEAD", path).status()).isEqualTo(200);
    }
  }
}
