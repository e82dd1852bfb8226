package io.membrane.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import io.membrane.rpc.CallContext;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class EventStreamTest extends GatewayTest {

  private static final String PATH = "/v1/simulations/sim-1/events";

  @Test
  void everyEventArrivesBeforeTheNextIsSent() throws Exception {
    Semaphore seen = new Semaphore(1);
    backend("scheduler-service")
        .answers(exchange -> {
          try (exchange) {
            OutputStream out = begin(exchange);
            for (int i = 0; i < 20; i++) {
              pass(seen);
              out.write(event(i));
              out.flush();
            }
          }
        });

    try (BufferedReader lines = open("10000")) {
      for (int i = 0; i < 20; i++) {
        assertThat(lines.readLine()).isEqualTo("event: progress");
        assertThat(lines.readLine()).isEqualTo("data: " + i);
        assertThat(lines.readLine()).isEmpty();
        seen.release();
      }
      assertThat(lines.readLine()).isNull();
    }
  }

  @Test
  void aStreamThatHasBegunOutlivesTheDeadlineOfTheCall() throws Exception {
    Duration deadline = Duration.ofMillis(1500);
    backend("scheduler-service")
        .answers(exchange -> {
          try (exchange) {
            OutputStream out = begin(exchange);
            long start = System.nanoTime();
            for (int i = 0; System.nanoTime() - start < 2 * deadline.toNanos(); i++) {
              out.write(event(i));
              out.flush();
              waitFor(Duration.ofMillis(100));
            }
            out.write("event: done\n\n".getBytes(StandardCharsets.UTF_8));
          }
        });

    try (BufferedReader lines = open(Long.toString(deadline.toMillis()))) {
      assertThat(lines.lines()).contains("event: done");
    }
  }

  @Test
  void aStreamThatDoesNotBeginInTimeIsAProblem() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    backend("scheduler-service")
        .answers(exchange -> {
          try (exchange) {
            pass(end);
          }
        });

    HttpResponse<String> answer = send(request(PATH).header(CallContext.DEADLINE_HEADER, "300"));

    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(problem(answer).code()).isEqualTo("deadline_exceeded");
    end.countDown();
  }

  @Test
  void aStreamThatFallsSilentIsSeenAsBroken() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    backend("scheduler-service")
        .answers(exchange -> {
          try (exchange) {
            OutputStream out = begin(exchange);
            out.write(event(1));
            out.flush();
            pass(end);
          }
        });

    try (BufferedReader lines = open("60000")) {
      assertThat(lines.readLine()).isEqualTo("event: progress");
      assertThatThrownBy(() -> lines.lines().count()).hasRootCauseInstanceOf(IOException.class);
    }
    end.countDown();
  }

  @Test
  void aFollowerWhoLeavesEndsTheStreamAtTheService() throws Exception {
    CountDownLatch cut = new CountDownLatch(1);
    backend("scheduler-service")
        .answers(exchange -> {
          try {
            OutputStream out = begin(exchange);
            for (int i = 0; ; i++) {
              out.write(event(i));
              out.flush();
              waitFor(Duration.ofMillis(50));
            }
          } catch (IOException e) {
            cut.countDown();
          }
        });

    BufferedReader lines = open("60000");
    assertThat(lines.readLine()).isEqualTo("event: progress");
    lines.close();

    assertThat(cut.await(10, TimeUnit.SECONDS)).isTrue();
  }

  private BufferedReader open(String deadlineMs) throws IOException, InterruptedException {
    HttpResponse<InputStream> answer =
        HTTP.send(
            request(PATH).header(CallContext.DEADLINE_HEADER, deadlineMs).build(),
            BodyHandlers.ofInputStream());
    assertThat(answer.headers().firstValue("Content-Type")).contains("text/event-stream");
    return new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8));
  }

  private static OutputStream begin(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().add("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    return exchange.getResponseBody();
  }

  private static byte[] event(int data) {
    return ("event: progress\ndata: " + data + "\n\n").getBytes(StandardCharsets.UTF_8);
  }

  private static void pass(Semaphore gate) throws IOException {
    try {
      if (!gate.tryAcquire(10, TimeUnit.SECONDS)) {
        throw new IOException("the event before has not arrived");
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private static void pass(CountDownLatch gate) throws IOException {
    try {
      gate.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private static void waitFor(Duration time) {
    LockSupport.parkNanos(time.toNanos());
  }
}
