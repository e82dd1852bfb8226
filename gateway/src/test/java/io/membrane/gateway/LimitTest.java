package io.membrane.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.membrane.fixture.RedisProcess;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two replicas over one Redis. */
class LimitTest {

  private static final String LIMITS = "membrane.gateway.limits.tenants.";

  private static @Nullable RedisProcess redis;
  private static @Nullable Backend backend;
  private static @Nullable SecuredGateway first;
  private static @Nullable SecuredGateway second;

  @BeforeAll
  static void start(@TempDir Path folder) {
    redis = RedisProcess.embedded();
    backend = new Backend("service");
    String[] properties = {
      "spring.data.redis.url=" + redis.url(),
      "membrane.gateway.limits.slow-body-after=500ms",
      LIMITS + "rated.requests-per-second=1",
      LIMITS + "rated.burst=3",
      LIMITS + "narrow.concurrency=2",
      LIMITS + "sender.bytes-in-per-second=1KB",
      LIMITS + "reader.bytes-out-per-second=1KB",
      LIMITS + "small.max-body=100B"
    };
    first = new SecuredGateway(backend, folder, properties);
    second = new SecuredGateway(backend, folder, properties);
  }

  @AfterAll
  static void stop() throws Exception {
    for (@Nullable AutoCloseable each : new AutoCloseable[] {second, first, backend, redis}) {
      if (each != null) {
        each.close();
      }
    }
  }

  @BeforeEach
  void nothingSeen() {
    one().backend().reset();
  }

  @Test
  void requestsPastTheRateAreTurnedAwayOnEveryReplica() {
    String key = one().key("rated", "read");

    List<HttpResponse<String>> answers =
        IntStream.range(0, 12)
            .mapToObj(i -> (i % 2 == 0 ? one() : two()).as(key, "GET", "/v1/models"))
            .toList();

    assertThat(answers.stream().filter(answer -> answer.statusCode() == 200)).hasSizeBetween(3, 11);
    HttpResponse<String> refused =
        answers.stream().filter(answer -> answer.statusCode() != 200).findFirst().orElseThrow();
    SecuredGateway.problem(429, "overloaded", refused);
    assertThat(refused.body()).contains("1 requests per second");
    assertThat(refused.headers().firstValueAsLong("Retry-After").orElse(0)).isPositive();
    String free = one().key("free", "read");
    assertThat(one().as(free, "GET", "/v1/models").statusCode()).isEqualTo(200);
    await().until(() -> two().as(key, "GET", "/v1/models").statusCode() == 200);
  }

  @Test
  @Timeout(60)
  void noMoreRequestsAreUnderWayThanMayBe() throws Exception {
    String key = one().key("narrow", "read");
    CountDownLatch go = new CountDownLatch(1);
    CountDownLatch arrived = new CountDownLatch(2);
    one()
        .backend()
        .answers(exchange -> {
          arrived.countDown();
          try (exchange) {
            go.await();
            exchange.sendResponseHeaders(204, -1);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      try {
        List<Future<HttpResponse<String>>> held = new ArrayList<>();
        held.add(callers.submit(() -> one().as(key, "GET", "/v1/models")));
        held.add(callers.submit(() -> two().as(key, "GET", "/v1/models")));
        arrived.await();

        HttpResponse<String> third = two().as(key, "GET", "/v1/models");

        SecuredGateway.problem(429, "overloaded", third);
        assertThat(third.body()).contains("2 requests under way");
        go.countDown();
        assertThat(held).allSatisfy(answer -> assertThat(answer.get().statusCode()).isEqualTo(204));
        assertThat(one().as(key, "GET", "/v1/models").statusCode()).isEqualTo(204);
      } finally {
        go.countDown();
      }
    }
  }

  @Test
  @Timeout(60)
  void requestsThatRedisDidNotAnswerForAreNotUnderWayOnceItDoes() {
    String key = one().key("narrow", "read");
    assertThat(one().as(key, "GET", "/v1/models").statusCode()).isEqualTo(200);
    redis().pause();
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<HttpResponse<String>>> asked =
          IntStream.range(0, 2)
              .mapToObj(i -> callers.submit(() -> one().as(key, "GET", "/v1/models")))
              .toList();
      assertThat(asked)
          .allSatisfy(
              answer -> SecuredGateway.problem(503, "dependency_unavailable", answer.get()));
    } finally {
      redis().resume();
    }
    await("sooner than leases end by themselves")
        .atMost(Duration.ofSeconds(20))
        .until(() -> one().as(key, "GET", "/v1/models").statusCode() == 200);
  }

  @Test
  void whoHasSentTooMuchWaitsBeforeTheNextRequest() {
    String key = one().key("sender", "write");

    assertThat(put(one(), key, 20_000).statusCode()).isEqualTo(200);
    HttpResponse<String> refused = put(two(), key, 1);

    SecuredGateway.problem(429, "overloaded", refused);
    assertThat(refused.body()).contains("came in");
    assertThat(refused.headers().firstValueAsLong("Retry-After").orElse(0)).isBetween(5L, 20L);
  }

  @Test
  void whoHasReadTooMuchWaitsBeforeTheNextRequest() {
    String key = one().key("reader", "read");
    one()
        .backend()
        .answers(exchange -> {
          try (exchange) {
            exchange.sendResponseHeaders(200, 30_000);
            exchange.getResponseBody().write(new byte[30_000]);
          }
        });

    assertThat(one().as(key, "GET", "/v1/models").body()).hasSize(30_000);
    HttpResponse<String> refused = two().as(key, "GET", "/v1/models");

    SecuredGateway.problem(429, "overloaded", refused);
    assertThat(refused.body()).contains("went out");
  }

  @Test
  void aBodyThatIsTooLargeIsRefusedWhetherItsLengthIsKnownOrNot() {
    String key = one().key("small", "write");

    assertThat(put(one(), key, 100).statusCode()).isEqualTo(200);
    SecuredGateway.problem(413, "too_large", put(one(), key, 101));
    HttpRequest.Builder chunked =
        HttpRequest.newBuilder(one().uri("/v1/fragments/ab/attn.0-1.0of1"))
            .header("Authorization", "Bearer " + key)
            .PUT(BodyPublishers.fromPublisher(BodyPublishers.ofByteArray(new byte[10_000])));
    HttpResponse<String> refused = one().send(chunked);
    SecuredGateway.problem(413, "too_large", refused);
    assertThat(refused.body()).contains("100 bytes");
  }

  @Test
  @Timeout(60)
  void aBodyThatTricklesIsEnded() throws IOException {
    String key = one().key("slow", "write");
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), one().url().getPort())) {
      OutputStream out = socket.getOutputStream();
      out.write(
          ("PUT /v1/fragments/ab/attn.0-1.0of1 HTTP/1.1\r\nHost: gateway\r\nContent-Length: 100000\r\n"
                  + "Connection: close\r\nAuthorization: Bearer "
                  + key
                  + "\r\n\r\n")
              .getBytes(StandardCharsets.US_ASCII));
      out.flush();
      Thread trickle =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  while (!Thread.interrupted()) {
                    out.write('x');
                    out.flush();
                    Thread.sleep(Duration.ofMillis(50));
                  }
                } catch (IOException | InterruptedException e) {
                  // The gateway has closed the connection, or the test is over.
                }
              });
      try {
        socket.setSoTimeout(30_000);
        byte[] answer = socket.getInputStream().readNBytes(12);
        assertThat(new String(answer, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 400");
      } finally {
        trickle.interrupt();
      }
    }
  }

  @Test
  void withoutRedisALimitIsNoPass() {
    String key = one().key("narrow", "read");
    assertThat(one().as(key, "GET", "/v1/models").statusCode()).isEqualTo(200);
    Objects.requireNonNull(redis).pause();
    try {
      SecuredGateway.problem(503, "dependency_unavailable", one().as(key, "GET", "/v1/models"));
    } finally {
      Objects.requireNonNull(redis).resume();
    }
    await().until(() -> one().as(key, "GET", "/v1/models").statusCode() == 200);
  }

  private static HttpResponse<String> put(SecuredGateway gateway, String key, int bytes) {
    return gateway.send(
        HttpRequest.newBuilder(gateway.uri("/v1/fragments/ab/attn.0-1.0of1"))
            .header("Authorization", "Bearer " + key)
            .PUT(BodyPublishers.ofByteArray(new byte[bytes])));
  }

  private static RedisProcess redis() {
    return Objects.requireNonNull(redis);
  }

  private static SecuredGateway one() {
    return Objects.requireNonNull(first);
  }

  private static SecuredGateway two() {
    return Objects.requireNonNull(second);
  }
}
