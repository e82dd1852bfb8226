package io.membrane.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpServer;
import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.http.StreamingHttpOutputMessage;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.client.RestClient;
import org.springframework.web.service.annotation.GetExchange;
import org.springframework.web.service.annotation.PostExchange;

/** Calls of a real HTTP server, through a proxy that fails as told. */
class ServiceClientsTest {

  interface Peer {
    @Idempotent
    @GetExchange("/read")
    Map<String, String> read();

    @PostExchange("/write")
    Map<String, String> write(@RequestBody Map<String, String> body);

    @Idempotent
    @GetExchange("/stream")
    InputStream stream();

    @PostExchange(value = "/upload", contentType = Frame.MEDIA_TYPE)
    Map<String, String> upload(@RequestBody StreamingHttpOutputMessage.Body body);
  }

  private final AtomicInteger calls = new AtomicInteger();
  private final AtomicReference<String> seen = new AtomicReference<>("");
  private final AtomicInteger failures = new AtomicInteger();
  private final HttpServer server = serve();
  private final FaultProxy proxy = new FaultProxy(server.getAddress().getPort());
  private final Peer peer = peer(Duration.ofMillis(200));

  @AfterEach
  void stop() {
    proxy.close();
    server.stop(0);
  }

  @Test
  void tenantAndRemainingTimeTravelWithTheCall() throws Exception {
    assertThat(within(Duration.ofSeconds(3), peer::read)).containsEntry("ok", "yes");
    String[] parts = seen.get().split(" ", -1);
    assertThat(parts[0]).isEqualTo("acme");
    assertThat(Long.parseLong(parts[1])).isBetween(1L, 3000L);
  }

  @Test
  void aReadIsTriedAgainAndAWriteIsNot() {
    failures.set(2);
    assertThat(peer.read()).containsEntry("ok", "yes");
    assertThat(calls).hasValue(3);

    calls.set(0);
    failures.set(1);
    MembraneException e = failure(() -> peer.write(Map.of()));
    assertThat(e.code()).isEqualTo(ErrorCode.DEPENDENCY_UNAVAILABLE);
    assertThat(calls).hasValue(1);
  }

  @Test
  void thePeersOwnProblemComesThroughUnchanged() {
    failures.set(-1);
    MembraneException e = failure(peer::read);
    assertThat(e.code()).isEqualTo(ErrorCode.FRAGMENT_CONFLICT);
    assertThat(e).hasMessage("other bytes");
    assertThat(calls).hasValue(1);
  }

  @Test
  void aPeerThatReportsWhatIsWrongIsNeitherAskedAgainNorLeftAlone() {
    failures.set(-2);
    for (int i = 0; i < 10; i++) {
      assertThat(failure(peer::read)).hasMessage("redis is gone");
    }
    assertThat(calls).hasValue(10);
  }

  @Test
  void aCallThatIsInterruptedIsNotRepeatedNorHeldAgainstThePeer() throws Exception {
    proxy.inject(new Fault.Silence());
    for (int i = 0; i < 8; i++) {
      AtomicReference<MembraneException> failure = new AtomicReference<>();
      Thread caller = Thread.ofVirtual().start(() -> failure.set(failure(peer::read)));
      Awaitility.await()
          .until(() ->
              caller.getState() == Thread.State.TIMED_WAITING
                  || caller.getState() == Thread.State.WAITING);
      caller.interrupt();
      assertThat(caller.join(Duration.ofSeconds(20))).isTrue();
      assertThat(failure.get().code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
      assertThat(failure.get()).hasMessageContaining("not waited for");
    }
    proxy.heal();
    assertThat(peer.read()).containsEntry("ok", "yes");
  }

  @Test
  void aPeerThatIsGoneIsNamedAndComesBackWithoutARestart() {
    proxy.inject(new Fault.Refuse());
    MembraneException e = failure(peer::read);
    assertThat(e.code()).isEqualTo(ErrorCode.DEPENDENCY_UNAVAILABLE);
    assertThat(e).hasMessageContaining("peer-service");
    for (int i = 0; i < 10; i++) {
      assertThat(failure(peer::read).code()).isEqualTo(ErrorCode.DEPENDENCY_UNAVAILABLE);
    }
    proxy.heal();
    Awaitility.await()
        .ignoreException(MembraneException.class)
        .until(() -> peer.read().containsKey("ok"));
  }

  @Test
  void aPeerThatKeepsFailingIsLeftAlone() {
    Peer patient = peer(Duration.ofMinutes(1));
    proxy.inject(new Fault.Refuse());
    for (int i = 0; i < 5; i++) {
      failure(patient::read);
    }
    assertThat(failure(patient::read)).hasMessageContaining("left alone");
  }

  @Test
  void aSilentPeerCostsTheDeadlineAndNotMore() {
    proxy.inject(new Fault.Silence());
    long start = System.nanoTime();
    MembraneException e = failure(() -> within(Duration.ofMillis(400), peer::read));
    assertThat(e.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
  }

  @Test
  void anAnswerThatStallsInItsBodyCostsTheDeadlineToo() {
    proxy.inject(new Fault.Stall(60));
    MembraneException e = failure(() -> within(Duration.ofMillis(400), peer::read));
    assertThat(e.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
  }

  @Test
  void aSpentDeadlineMakesNoCall() {
    MembraneException e = failure(() -> within(Duration.ZERO, peer::read));
    assertThat(e.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
    assertThat(calls).hasValue(0);
  }

  @Test
  void anAnswerThatIsCutIsNoAnswer() {
    proxy.inject(new Fault.CutAfter(20));
    assertThat(failure(peer::read).code()).isEqualTo(ErrorCode.DEPENDENCY_UNAVAILABLE);
  }

  @Test
  void bodiesStreamBothWays() throws Exception {
    try (InputStream in = peer.stream()) {
      assertThat(in.readAllBytes()).hasSize(3 << 20);
    }
    Map<String, String> answer =
        peer.upload(out -> {
          for (int i = 0; i < 300; i++) {
            out.write(new byte[10_000]);
          }
        });
    assertThat(answer).containsEntry("bytes", "3000000");
  }

  @Test
  void callsPastTheLimitAreRefusedAtOnce() throws Exception {
    proxy.inject(new Fault.Silence());
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 2; i++) {
        executor.execute(() -> failure(() -> within(Duration.ofMillis(1500), peer::read)));
      }
      Awaitility.await()
          .atMost(Duration.ofSeconds(1))
          .untilAsserted(() ->
              assertThat(
                      failure(() -> within(Duration.ofMillis(50), () -> peer.write(Map.of())))
                          .code())
                  .isEqualTo(ErrorCode.OVERLOADED));
    }
  }

  @Test
  void knownInstancesAreCalledInTurnsInPlaceOfTheConfiguredUrl() {
    AtomicReference<List<URI>> known = new AtomicReference<>(List.of());
    ClientProperties properties =
        new ClientProperties(
            Map.of("peer-service", List.of(proxy.url())),
            Duration.ofMillis(300),
            Duration.ofSeconds(5),
            2,
            3,
            Duration.ofSeconds(1));
    try (FaultProxy one = new FaultProxy(server.getAddress().getPort());
        FaultProxy other = new FaultProxy(server.getAddress().getPort())) {
      Peer found =
          new ServiceClients(
                  RestClient.builder(), properties, PeerTls.ofJdk(), service -> known.get())
              .of(Peer.class, "peer-service");
      assertThat(found.read()).containsEntry("ok", "yes");
      known.set(List.of(one.url(), other.url()));
      proxy.inject(new Fault.Refuse());
      assertThat(found.read()).containsEntry("ok", "yes");
      assertThat(found.read()).containsEntry("ok", "yes");
      assertThat(one.connections()).isPositive();
      assertThat(other.connections()).isPositive();
      one.inject(new Fault.Refuse());
      for (int i = 0; i < 4; i++) {
        assertThat(found.read()).as("the next is tried").containsEntry("ok", "yes");
      }
    }
  }

  private Peer peer(Duration openFor) {
    ClientProperties properties =
        new ClientProperties(
            Map.of(), Duration.ofMillis(300), Duration.ofSeconds(5), 2, 3, openFor);
    return new ServiceClients(RestClient.builder(), properties)
        .of(Peer.class, "peer-service", proxy.url());
  }

  private static <T> T within(Duration budget, Callable<T> work) throws Exception {
    return CallContext.of("acme", budget).call(work);
  }

  private static MembraneException failure(Callable<?> work) {
    return catchThrowableOfType(MembraneException.class, work::call);
  }

  private HttpServer serve() {
    try {
      HttpServer http =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      http.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
      http.createContext(
          "/",
          exchange -> {
            calls.incrementAndGet();
            seen.set(
                exchange.getRequestHeaders().getFirst(CallContext.TENANT_HEADER)
                    + " "
                    + exchange.getRequestHeaders().getFirst(CallContext.DEADLINE_HEADER));
            long sent =
                exchange.getRequestBody().transferTo(java.io.OutputStream.nullOutputStream());
            int status = 200;
            byte[] body = "{\"ok\":\"yes\"}".getBytes(StandardCharsets.UTF_8);
            if (failures.get() > 0) {
              failures.decrementAndGet();
              status = 503;
              body = new byte[0];
            } else if (failures.get() == -2) {
              status = 503;
              body =
                  WireJson.mapper()
                      .writeValueAsBytes(
                          Problem.of(ErrorCode.DEPENDENCY_UNAVAILABLE, "redis is gone", null));
            } else if (failures.get() < 0) {
              status = 409;
              body =
                  WireJson.mapper()
                      .writeValueAsBytes(
                          Problem.of(ErrorCode.FRAGMENT_CONFLICT, "other bytes", null));
            } else if (exchange.getRequestURI().equals(URI.create("/stream"))) {
              body = new byte[3 << 20];
            } else if (exchange.getRequestURI().equals(URI.create("/upload"))) {
              body = ("{\"bytes\":\"" + sent + "\"}").getBytes(StandardCharsets.UTF_8);
            }
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
          });
      http.start();
      return http;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
