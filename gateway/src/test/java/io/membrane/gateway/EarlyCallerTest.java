package io.membrane.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.membrane.fixture.LoopbackPorts;
import io.membrane.fixture.ServiceUnderTest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whoever calls as soon as the port is open, before the management port is. */
@Timeout(60)
class EarlyCallerTest {

  @Test
  void theFirstRequestsAreAnsweredToo() throws Exception {
    int port = LoopbackPorts.free();
    Queue<Integer> statuses = new ConcurrentLinkedQueue<>();
    try (Backend backend = new Backend("all")) {
      Thread caller = Thread.ofVirtual().start(() -> call(port, statuses));
      try (ServiceUnderTest _ = gateway(port, backend)) {
        await().until(() -> !statuses.isEmpty());
        caller.interrupt();
        caller.join();
      } finally {
        caller.interrupt();
      }
    }
    assertThat(statuses).isNotEmpty().containsOnly(200);
  }

  private static ServiceUnderTest gateway(int port, Backend backend) {
    return new ServiceUnderTest(
        GatewayApplication.class,
        "server.port=" + port,
        "management.server.port=0",
        "spring.main.banner-mode=off",
        "membrane.gateway.security.anonymous=true",
        "membrane.client.peers.directory-service=" + backend.url(),
        "membrane.client.peers.fragment-service=" + backend.url(),
        "membrane.client.peers.reconstruction-service=" + backend.url(),
        "membrane.client.peers.scheduler-service=" + backend.url(),
        "membrane.client.peers.compute-worker=" + backend.url());
  }

  private static void call(int port, Queue<Integer> statuses) {
    URI uri = URI.create("http://127.0.0.1:" + port + "/v1/models");
    try (HttpClient http = HttpClient.newHttpClient()) {
      while (!Thread.currentThread().isInterrupted()) {
        try {
          HttpResponse<Void> answer =
              http.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.discarding());
          statuses.add(answer.statusCode());
        } catch (IOException e) {
          LockSupport.parkNanos(1_000_000); // Nobody listens yet.
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
