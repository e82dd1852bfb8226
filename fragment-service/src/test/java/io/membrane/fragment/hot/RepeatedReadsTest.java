package io.membrane.fragment.hot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.connector.RawClient;
import io.membrane.fragment.connector.RawClient.Answer;
import io.membrane.fragment.connector.RunningTomcat;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import jakarta.servlet.ServletException;
import java.io.CharArrayWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.core.StandardContext;
import org.apache.catalina.valves.AbstractAccessLogValve;
import org.apache.catalina.valves.ValveBase;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * From its third request with the same headers on, a connection's reads are answered before Tomcat
 * reads them. Seen from the wire; {@link #byTomcat} counts the others.
 */
class RepeatedReadsTest {

  private static final int PASSED_ON = 299;
  private static final int BYTES = 200_000;

  @TempDir private Path folder;

  private final Random random = new Random(31);
  private final byte[] body = Seeds.bytes(random, BYTES);
  private final MeterRegistry meters = new SimpleMeterRegistry();
  private final MemoryOfFragments memory = new MemoryOfFragments();
  private final AtomicBoolean isDraining = new AtomicBoolean();
  private final AtomicInteger byTomcat = new AtomicInteger();
  private final String path = kept(body);
  private RunningTomcat tomcat;
  private RawClient client;

  @BeforeEach
  void start() throws IOException, LifecycleException {
    tomcat = started(new RunningTomcat(folder));
    client = RawClient.to(tomcat.port());
  }

  private void startAgain(RunningTomcat made) throws IOException, LifecycleException {
    client.close();
    tomcat.close();
    tomcat = started(made);
    client = RawClient.to(tomcat.port());
  }

  private RunningTomcat started(RunningTomcat made) throws LifecycleException {
    ValveBase counting =
        new ValveBase(true) {
          @Override
          public void invoke(Request request, Response response)
              throws IOException, ServletException {
            byTomcat.incrementAndGet();
            getNext().invoke(request, response);
          }
        };
    return made.start(
        (request, response) -> response.setStatus(PASSED_ON),
        counting,
        new FragmentReadValve(memory, this::timer, isDraining::get));
  }

  @AfterEach
  void stop() throws IOException, LifecycleException {
    client.close();
    tomcat.close();
    memory.close();
    assertThat(memory.offHeap().leaks()).isZero();
    assertThat(memory.offHeap().usedBytes()).isZero();
  }

  private String kept(byte[] bytes) {
    FragmentKey key = new FragmentKey(Seeds.hash(random), Slice.attention(4));
    memory.keep("default", key, bytes);
    return "/v1/fragments/" + key;
  }

  private Timer timer(ReadOutcome outcome) {
    return Timer.builder("reads").tag("outcome", outcome.tag()).register(meters);
  }

  private long count(ReadOutcome outcome) {
    return timer(outcome).count();
  }

  /** Asks until the connection has gone back to the poller and knows these headers. */
  private void learned(RawClient caller, String... headers) {
    await()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(1))
        .until(() -> {
          byTomcat.set(0);
          caller.ask("GET", path, headers);
          return byTomcat.get() == 0;
        });
  }

  @Test
  void aReadThatDiffersByItsPathAloneIsAnsweredBeforeTomcat() throws IOException {
    byte[] other = Seeds.bytes(random, 12_345);
    String otherPath = kept(other);
    learned(client, "User-Agent: engine");
    for (int i = 0; i < 50; i++) {
      assertThat(client.ask("GET", path, "User-Agent: engine").body()).isEqualTo(body);
      assertThat(client.ask("GET", otherPath, "User-Agent: engine").body()).isEqualTo(other);
    }
    assertThat(byTomcat).hasValue(0);
    await().untilAsserted(() -> assertThat(count(ReadOutcome.WHOLE)).isGreaterThan(102));
    assertThat(count(ReadOutcome.ABSENT)).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Accept: */*", "Connection: keep-alive", "Membrane-Tenant: default"})
  void theAnswerIsTomcatsLineForLine(String header) throws IOException {
    Map<String, String> known = new TreeMap<>(client.ask("GET", path, header).headers());
    learned(client, header);
    Answer answer = client.ask("GET", path, header);
    assertThat(byTomcat).hasValue(0);
    Map<String, String> given = new TreeMap<>(answer.headers());
    assertThat(given.remove("Date")).hasSameSizeAs(known.remove("Date"));
    assertThat(given).isEqualTo(known);
    assertThat(answer.status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Range: bytes=0-99999",
        "If-None-Match: \"other\"",
        "Connection: keep-alive, x",
        "Connection: keep-alive\r\nConnection: x",
      })
  void whatHangsOnMoreThanThePathIsTomcatsEachTime(String header) throws IOException {
    for (int i = 1; i <= 10; i++) {
      client.ask("GET", path, header);
      assertThat(byTomcat).hasValue(i);
    }
  }

  @Test
  void headersThatDifferEachTimeAreTomcatsEachTime() throws IOException {
    for (int i = 1; i <= 10; i++) {
      assertThat(client.ask("GET", path, "traceparent: " + i).body()).isEqualTo(body);
      assertThat(byTomcat).hasValue(i);
    }
  }

  @Test
  void anotherHeaderAnotherMethodAndAnotherTenantAreSeen() throws IOException {
    learned(client);
    assertThat(client.ask("GET", path, "Range: bytes=0-4").body()).hasSize(5);
    learned(client);
    assertThat(client.ask("HEAD", path).status()).isEqualTo(200);
    learned(client);
    assertThat(client.ask("GET", path, "Membrane-Tenant: other").status()).isEqualTo(PASSED_ON);
    learned(client);
    assertThat(client.ask("DELETE", path).status()).isEqualTo(PASSED_ON);
    learned(client);
    assertThat(client.ask("GET", path + "?x=1").status()).isEqualTo(PASSED_ON);
    learned(client);
    client.sendText("GET " + path + " HTTP/1.1\r\n\r\n");
    assertThat(client.answerTo("GET").status()).isEqualTo(400);
    assertThat(client.toTheEnd()).isZero();
  }

  @Test
  void whatIsAbsentIsTomcatsAndTheConnectionGoesOn() throws IOException {
    String absent = "/v1/fragments/" + new FragmentKey(Seeds.hash(random), Slice.attention(4));
    learned(client);
    for (int i = 1; i <= 10; i++) {
      assertThat(client.ask("GET", absent).status()).isEqualTo(PASSED_ON);
      assertThat(client.ask("GET", path).body()).isEqualTo(body);
      assertThat(byTomcat.get()).isGreaterThanOrEqualTo(i);
    }
  }

  @Test
  void whatTheSocketDoesNotTakeAtOnceFollows() throws IOException {
    byte[] bytes = Seeds.bytes(random, 24 << 20);
    String large = kept(bytes);
    learned(client);
    for (int i = 0; i < 5; i++) {
      assertThat(client.ask("GET", large).body()).isEqualTo(bytes);
      assertThat(client.ask("GET", path).body()).isEqualTo(body);
    }
    assertThat(byTomcat).hasValue(0);
  }

  @Test
  void aRequestMayComeInAnyTwoPieces() throws IOException {
    String request = "GET " + path + " HTTP/1.1\r\nHost: here\r\n\r\n";
    for (int cut = 1; cut < request.length(); cut++) {
      learned(client);
      client.sendText(request.substring(0, cut));
      Thread.onSpinWait();
      client.sendText(request.substring(cut));
      assertThat(client.answerTo("GET").body()).as("cut at " + cut).isEqualTo(body);
    }
  }

  @Test
  void requestsThatAreSentAheadAreAnsweredInTheirOrder() throws IOException {
    byte[] other = Seeds.bytes(random, 70_000);
    String otherPath = kept(other);
    learned(client);
    for (int round = 0; round < 10; round++) {
      for (int i = 0; i < 10; i++) {
        client.send("GET", path);
        client.send("GET", otherPath);
      }
      for (int i = 0; i < 10; i++) {
        assertThat(client.answerTo("GET").body()).isEqualTo(body);
        assertThat(client.answerTo("GET").body()).isEqualTo(other);
      }
    }
  }

  @Test
  void aSlowCallerKeepsItsLeaseAndNobodyElseWaiting() throws Exception {
    startAgain(new RunningTomcat(folder).narrow());
    byte[] bytes = Seeds.bytes(random, 256 << 10);
    FragmentKey key = new FragmentKey(Seeds.hash(random), Slice.attention(4));
    memory.keep("default", key, bytes);
    try (RawClient slow = RawClient.narrow(tomcat.port())) {
      learned(slow);
      slow.send("GET", "/v1/fragments/" + key);
      slow.await();
      memory.forget("default", key);
      assertThat(byTomcat).hasValue(0);
      for (int i = 0; i < 20; i++) {
        assertThat(client.ask("GET", path).body()).isEqualTo(body);
      }
      assertThat(answersUnderWay()).isPositive();
      assertThat(slow.answerTo("GET").body()).isEqualTo(bytes);
      await().until(() -> answersUnderWay() == 0);
      assertThat(slow.ask("GET", path).body()).isEqualTo(body);
    }
  }

  /** What the end of a server waits for. */
  private long answersUnderWay() {
    return ((StandardContext) tomcat.context()).getInProgressAsyncCount();
  }

  @Test
  void aCallerThatLeavesInTheMiddleGivesTheLeaseBack() throws Exception {
    startAgain(new RunningTomcat(folder).narrow());
    for (int i = 0; i < 10; i++) {
      try (RawClient leaving = RawClient.narrow(tomcat.port())) {
        learned(leaving);
        leaving.send("GET", path);
        leaving.bytes(1000);
      }
    }
    await().until(() -> count(ReadOutcome.BROKEN) == 10 && tomcat.connections() == 1);
    assertThat(client.ask("GET", path).body()).isEqualTo(body);
  }

  @Test
  void aCallerThatDoesNotReadIsCutOff() throws Exception {
    startAgain(new RunningTomcat(folder).narrow().timeout(Duration.ofMillis(300)));
    try (RawClient asleep = RawClient.narrow(tomcat.port())) {
      learned(asleep);
      asleep.send("GET", path);
      await().until(() -> count(ReadOutcome.BROKEN) == 1);
      assertThat(asleep.toTheEnd()).isLessThan(BYTES);
    }
  }

  @Test
  void aServerThatStopsInTheMiddleGivesTheLeaseBack() throws Exception {
    startAgain(new RunningTomcat(folder).narrow());
    try (RawClient asleep = RawClient.narrow(tomcat.port())) {
      learned(asleep);
      asleep.send("GET", path);
      asleep.await();
      assertThat(answersUnderWay()).isEqualTo(1);
      startAgain(new RunningTomcat(folder));
      await().until(() -> count(ReadOutcome.BROKEN) == 1);
      assertThat(asleep.toTheEnd()).isLessThan(BYTES);
    }
  }

  @Test
  void aServiceThatDrainsAnswersByTomcatWhichGivesTheConnectionUp() throws IOException {
    learned(client);
    isDraining.set(true);
    assertThat(client.ask("GET", path).body()).isEqualTo(body);
    assertThat(byTomcat).hasValue(1);
  }

  @Test
  void atAnotherPortEachRequestGoesByItsValves() throws Exception {
    RunningTomcat two = new RunningTomcat(folder);
    Connector other = two.another();
    startAgain(two);
    client.close();
    client = RawClient.to(other.getLocalPort());
    for (int i = 1; i <= 10; i++) {
      assertThat(client.ask("GET", path).body()).isEqualTo(body);
      assertThat(byTomcat).hasValue(i);
    }
  }

  @Test
  void anAccessLogHasEveryRequest() throws Exception {
    AtomicInteger lines = new AtomicInteger();
    AbstractAccessLogValve log =
        new AbstractAccessLogValve() {
          @Override
          protected void log(CharArrayWriter message) {
            lines.incrementAndGet();
          }
        };
    log.setPattern("%r");
    RunningTomcat logging = new RunningTomcat(folder);
    logging.context().getPipeline().addValve(log);
    startAgain(logging);
    for (int i = 0; i < 10; i++) {
      client.ask("GET", path);
    }
    await().untilAsserted(() -> assertThat(lines).hasValue(10));
  }
}
