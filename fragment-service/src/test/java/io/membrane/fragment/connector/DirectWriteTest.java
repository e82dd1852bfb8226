package io.membrane.fragment.connector;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.membrane.fixture.Seeds;
import io.membrane.fragment.connector.RawClient.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies on the wire, as a caller gets them. */
class DirectWriteTest {

  private static final int LARGE = 64 << 20;

  @TempDir private Path folder;

  /** Two bodies of the same bytes: one written in pieces of every kind, and what it should be. */
  @SuppressWarnings("ArrayRecordComponent") // read, never compared
  private record Body(List<ByteBuffer> pieces, byte[] whole) {

    static Body of(Random random) {
      byte[] whole = Seeds.bytes(random, 1 + random.nextInt(1 << (4 + random.nextInt(17))));
      List<ByteBuffer> pieces = new ArrayList<>();
      for (int at = 0; at < whole.length; ) {
        int most = 1 + random.nextInt(4 * DirectWriteConnection.DIRECT_BYTES);
        int length = Math.min(whole.length - at, most);
        pieces.add(piece(whole, at, length, random.nextInt(3)));
        at += length;
      }
      return new Body(pieces, whole);
    }

    private static ByteBuffer piece(byte[] whole, int at, int length, int kind) {
      ByteBuffer direct = ByteBuffer.allocateDirect(length).put(whole, at, length).flip();
      return switch (kind) {
        case 0 -> ByteBuffer.wrap(whole, at, length);
        case 1 -> direct;
        default -> direct.asReadOnlyBuffer();
      };
    }
  }

  @Test
  void anySequenceOfBuffersArrivesInItsOrder() throws IOException, LifecycleException {
    ConcurrentHashMap<String, Body> bodies = new ConcurrentHashMap<>();
    RunningTomcat.Service service =
        (request, response) -> {
          Body body = Objects.requireNonNull(bodies.get(request.getRequestURI()));
          if (request.getHeader("Membrane-Sized") != null) {
            response.getCoyoteResponse().setContentLength(body.whole().length);
          }
          if (request.getHeader("Membrane-Together") != null) {
            DirectOutput.of(request).writeWhole(body.pieces());
            return;
          }
          for (ByteBuffer piece : body.pieces()) {
            response.getCoyoteResponse().doWrite(piece);
          }
        };
    try (RunningTomcat tomcat = new RunningTomcat(folder).start(service, new DirectOutputValve());
        RawClient client = RawClient.to(tomcat.port());
        RawClient narrow = RawClient.narrow(tomcat.port())) {
      Seeds.forAll(
          90,
          random -> {
            String path = "/" + random.nextLong();
            Body body = Body.of(new Random(random.nextLong()));
            bodies.put(path, body);
            String[] headers =
                switch (random.nextInt(3)) {
                  case 0 -> new String[0];
                  case 1 -> new String[] {"Membrane-Sized: 1"};
                  default -> new String[] {"Membrane-Sized: 1", "Membrane-Together: 1"};
                };
            RawClient either = random.nextInt(4) == 0 ? narrow : client;
            assertThat(ask(either, path, headers).body()).isEqualTo(body.whole());
          });
    }
  }

  private static Answer ask(RawClient client, String path, String... headers) {
    try {
      return client.ask("GET", path, headers);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Writes a large body on {@code /large} in one piece and on {@code /together} in many, and tells
   * how that ended; otherwise a small one.
   */
  private static final class LargeBody implements RunningTomcat.Service {
    private final ByteBuffer bytes = ByteBuffer.allocateDirect(LARGE);
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CompletableFuture<String> ended = new CompletableFuture<>();
    private final ConcurrentHashMap<Thread, Integer> turns = new ConcurrentHashMap<>();

    @Override
    public void serve(Request request, Response response) throws IOException {
      String path = request.getRequestURI();
      if (!path.equals("/large") && !path.equals("/together")) {
        turns.merge(Thread.currentThread(), 1, Integer::sum);
        response.getOutputStream().write("small".getBytes(ISO_8859_1));
        return;
      }
      response.getCoyoteResponse().setContentLength(LARGE);
      begun.countDown();
      try {
        if (path.equals("/together")) {
          DirectOutput.of(request).writeWhole(pieces());
        } else {
          response.getCoyoteResponse().doWrite(bytes.duplicate());
        }
        ended.complete("whole");
      } catch (IOException e) {
        ended.complete("broken");
      }
    }

    /** Small and large in turn, more of them than one system call takes. */
    private List<ByteBuffer> pieces() {
      List<ByteBuffer> pieces = new ArrayList<>();
      for (int at = 0; at < LARGE; ) {
        int length = Math.min(LARGE - at, pieces.size() % 2 == 0 ? 100 : 50_000);
        pieces.add(bytes.slice(at, length));
        at += length;
      }
      return pieces;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/large", "/together"})
  void aCallerThatReadsSlowlyHoldsUpNobodyElse(String path)
      throws IOException, LifecycleException, InterruptedException, ExecutionException {
    LargeBody service = new LargeBody();
    try (RunningTomcat tomcat = new RunningTomcat(folder).start(service, new DirectOutputValve());
        RawClient slow = RawClient.narrow(tomcat.port());
        RawClient other = RawClient.to(tomcat.port())) {
      slow.send("GET", path);
      service.begun.await();
      for (int i = 0; i < 50; i++) {
        assertThat(other.ask("GET", "/small").body()).asString(ISO_8859_1).isEqualTo("small");
      }
      assertThat(service.ended).isNotDone();
      assertThat(slow.answerTo("GET").body()).hasSize(LARGE);
      assertThat(service.ended.get()).isEqualTo("whole");
    }
  }

  @Test
  void callersThatAskWithoutAPauseLeaveOthersTheirTurn()
      throws IOException, LifecycleException, InterruptedException, ExecutionException {
    AtomicBoolean goesOn = new AtomicBoolean(true);
    LargeBody service = new LargeBody();
    try (RunningTomcat tomcat = new RunningTomcat(folder).start(service, new DirectOutputValve());
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> busy = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        busy.add(threads.submit(() -> askWhile(goesOn, tomcat.port())));
      }
      try {
        for (int i = 0; i < 50; i++) {
          try (RawClient newcomer = RawClient.to(tomcat.port())) {
            assertThat(newcomer.ask("GET", "/small").body()).hasSize(5);
          }
        }
      } finally {
        goesOn.set(false);
      }
      for (Future<Integer> answers : busy) {
        assertThat(answers.get()).isPositive();
      }
      // A thread serves one connection until that one goes to the poller.
      assertThat(service.turns.values()).allMatch(served -> served <= 64);
    }
  }

  private static int askWhile(AtomicBoolean goesOn, int port) throws IOException {
    int answers = 0;
    try (RawClient client = RawClient.to(port)) {
      while (goesOn.get()) {
        assertThat(client.ask("GET", "/small").body()).hasSize(5);
        answers++;
      }
    }
    return answers;
  }

  @ParameterizedTest
  @ValueSource(strings = {"/large", "/together"})
  void aCallerThatLeavesInTheMiddleEndsTheWriteAndItsConnection(String path)
      throws IOException, LifecycleException, InterruptedException, ExecutionException {
    LargeBody service = new LargeBody();
    try (RunningTomcat tomcat = new RunningTomcat(folder).start(service, new DirectOutputValve())) {
      try (RawClient leaving = RawClient.narrow(tomcat.port())) {
        leaving.send("GET", path);
        leaving.bytes(100_000);
      }
      assertThat(service.ended.get()).isEqualTo("broken");
      await().until(() -> tomcat.connections() == 0);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/large", "/together"})
  void aCallerThatDoesNotReadIsCutAfterTheWriteTimeout(String path)
      throws IOException, LifecycleException, InterruptedException, ExecutionException {
    LargeBody service = new LargeBody();
    try (RunningTomcat tomcat =
            new RunningTomcat(folder)
                .timeout(Duration.ofMillis(200))
                .start(service, new DirectOutputValve());
        RawClient idle = RawClient.narrow(tomcat.port())) {
      idle.send("GET", path);
      assertThat(service.ended.get()).isEqualTo("broken");
      await().until(() -> tomcat.connections() == 0);
      assertThat(idle.toTheEnd()).isLessThan(LARGE);
    }
  }

  @Test
  void overTlsTheSameBytesArrive() throws IOException, LifecycleException, InterruptedException {
    Body body = Body.of(new Random(5));
    RunningTomcat.Service service =
        (request, response) -> {
          response.getCoyoteResponse().setContentLength(body.whole().length);
          DirectOutput.of(request)
              .writeWhole(body.pieces().stream().map(ByteBuffer::duplicate).toList());
        };
    TestKeys keys = TestKeys.in(folder);
    try (RunningTomcat tomcat =
            new RunningTomcat(folder)
                .tls(keys.file(), TestKeys.PASSWORD)
                .start(service, new DirectOutputValve());
        RawClient client = new RawClient(keys.connect(tomcat.port()))) {
      for (int i = 0; i < 3; i++) {
        assertThat(client.ask("GET", "/").body()).isEqualTo(body.whole());
      }
    }
  }
}
