package io.membrane.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.membrane.fixture.LeavingCaller;
import io.membrane.fixture.ServiceUnderTest;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.Cancellation;
import io.membrane.rpc.ServiceClients;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.servlet.http.HttpServletResponse;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.service.annotation.GetExchange;

/** Callers that close their connection while a small service works for them. */
@Timeout(120)
class LeavingCallerTest {

  private static final Map<String, String> ENDS = new ConcurrentHashMap<>();
  private static volatile CountDownLatch gate = new CountDownLatch(1);
  private static ServiceUnderTest service;

  public interface Next {
    @GetExchange("/wait/next")
    String next();

    @GetExchange("/drip")
    InputStream drip();
  }

  @SpringBootApplication
  @RestController
  static class WaitingService {

    private final ServiceClients clients;

    WaitingService(ServiceClients clients) {
      this.clients = clients;
    }

    @GetMapping("/wait/{name}")
    String get(@PathVariable String name) throws Exception {
      return await(name);
    }

    @PostMapping("/wait/{name}")
    String post(@PathVariable String name, @RequestBody Map<String, Object> body) throws Exception {
      return await(name);
    }

    /** Its work is another call of the same service. */
    @GetMapping("/pass/{port}")
    String pass(@PathVariable int port) {
      ENDS.put("pass", "begun");
      return clients.of(Next.class, "next", URI.create("http://127.0.0.1:" + port)).next();
    }

    @GetMapping("/read/{port}")
    String read(@PathVariable int port) throws Exception {
      Next next = clients.of(Next.class, "next", URI.create("http://127.0.0.1:" + port));
      try (InputStream in = next.drip()) {
        ENDS.put("read", "begun");
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
      } finally {
        ENDS.put("read", Thread.currentThread().isInterrupted() ? "interrupted" : "over");
      }
    }

    @GetMapping("/drip")
    void drip(HttpServletResponse response) throws Exception {
      response.getOutputStream().write(1);
      response.flushBuffer();
      await("drip");
    }

    private static String await(String name) throws InterruptedException {
      ENDS.put(name, "begun");
      CountDownLatch end = new CountDownLatch(1);
      try (Cancellation.Listener _ = CallContext.onCancel(end::countDown)) {
        while (gate.getCount() > 0 && !end.await(10, TimeUnit.MILLISECONDS)) {
          Thread.onSpinWait();
        }
      }
      ENDS.put(name, CallContext.isCancelled() ? "cancelled" : "answered");
      CallContext.checkDeadline("the wait");
      return "done " + name;
    }
  }

  @BeforeAll
  static void start() {
    service =
        new ServiceUnderTest(
            WaitingService.class,
            "spring.config.import=classpath:membrane-defaults.properties",
            "spring.application.name=waiting-service");
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  @BeforeEach
  void closeGate() {
    gate = new CountDownLatch(1);
    ENDS.clear();
  }

  @AfterEach
  void openGate() {
    gate.countDown();
  }

  @Test
  void aCallerThatLeavesEndsItsWork() {
    double before = cancelled();
    leaveAfter("a", caller -> caller.get("/wait/a"), LeavingCaller::leave);
    leaveAfter("b", caller -> caller.post("/wait/b", "{\"x\":1}"), LeavingCaller::leave);
    leaveAfter("c", caller -> caller.postInChunks("/wait/c", "{\"x\":1}"), LeavingCaller::leave);
    leaveAfter("d", caller -> caller.post("/wait/d", "{\"x\":1}"), LeavingCaller::reset);
    assertThat(cancelled() - before).isEqualTo(4);
    await()
        .untilAsserted(() ->
            assertThat(service.get("/actuator/prometheus").body())
                .contains("status=\"499\"")
                .contains("membrane_http_watched 1"));
  }

  private static void leaveAfter(
      String name, Consumer<LeavingCaller> request, Consumer<LeavingCaller> leave) {
    try (LeavingCaller caller = LeavingCaller.of(service.url())) {
      request.accept(caller);
      await().until(() -> "begun".equals(ENDS.get(name)));
      leave.accept(caller);
      await().until(() -> "cancelled".equals(ENDS.get(name)));
    }
  }

  @Test
  void aCallerThatWaitsIsAnsweredAndItsConnectionServesTheNextRequest() throws Exception {
    try (LeavingCaller caller = LeavingCaller.of(service.url())) {
      for (int i = 0; i < 3; i++) {
        gate = new CountDownLatch(1);
        caller.post("/wait/n" + i, "{}");
        awaitLooks("n" + i);
        gate.countDown();
        caller.readUntil("done n" + i);
      }
    }
  }

  @Test
  void requestsThatComeBeforeTheAnswerAreNotLost() throws Exception {
    try (LeavingCaller caller = LeavingCaller.of(service.url())) {
      caller.post("/wait/first", "{}");
      awaitLooks("first");
      caller.send("P");
      awaitLooks("first");
      caller.send("OST /wait/second HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n");
      caller.send("Content-Length: 2\r\n\r\n{}");
      caller.get("/wait/third");
      awaitLooks("first");
      gate.countDown();
      caller.readUntil("done first");
      caller.readUntil("done second");
      caller.readUntil("done third");
    }
    try (LeavingCaller caller = LeavingCaller.of(service.url())) {
      caller.get("/wait/x").get("/wait/y").post("/wait/z", "{}");
      caller.readUntil("done x");
      caller.readUntil("done y");
      caller.readUntil("done z");
    }
  }

  @Test
  void aCallThatItsWorkMadeEndsToo() {
    try (LeavingCaller caller = LeavingCaller.of(service.url())) {
      caller.get("/pass/" + service.url().getPort());
      await().until(() -> "begun".equals(ENDS.get("next")));
      caller.leave();
      await().until(() -> "cancelled".equals(ENDS.get("next")));
    }
  }

  @Test
  void anAnswerThatItReadsBreaksOff() {
    try (LeavingCaller caller = LeavingCaller.of(service.url())) {
      caller.get("/read/" + service.url().getPort());
      await().until(() -> "begun".equals(ENDS.get("read")) && "begun".equals(ENDS.get("drip")));
      caller.leave();
      await().until(() -> "over".equals(ENDS.get("read")));
      await().until(() -> "cancelled".equals(ENDS.get("drip")));
    }
  }

  /** Three looks at the sockets at least. */
  private static void awaitLooks(String name) {
    await().until(() -> "begun".equals(ENDS.get(name)));
    await().pollDelay(1, TimeUnit.SECONDS).until(() -> "begun".equals(ENDS.get(name)));
  }

  private static double cancelled() {
    return service
        .bean(MeterRegistry.class)
        .get("membrane.http.cancelled")
        .functionCounter()
        .count();
  }
}
