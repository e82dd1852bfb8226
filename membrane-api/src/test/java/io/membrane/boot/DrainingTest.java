package io.membrane.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.membrane.fixture.ServiceUnderTest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** How a service ends. */
@Timeout(60)
class DrainingTest {

  private static final String DEFAULTS =
      "spring.config.import=classpath:membrane-defaults.properties";

  /** More than the sockets on the way hold. */
  private static final int KEPT_BYTES = 24 << 20;

  @SpringBootApplication
  @RestController
  static class SmallService {

    static final CountDownLatch RELEASE = new CountDownLatch(1);
    static final CountDownLatch TAKEN = new CountDownLatch(1);

    private final ConfigurableApplicationContext context;

    SmallService(ConfigurableApplicationContext context) {
      this.context = context;
    }

    @GetMapping("/slow")
    String slow() throws InterruptedException {
      TAKEN.countDown();
      return "waited " + RELEASE.await(30, TimeUnit.SECONDS);
    }

    /** All of it is written after the servlet. */
    @GetMapping("/kept")
    void kept(HttpServletResponse response) throws IOException {
      response.setBufferSize(KEPT_BYTES + 1);
      response.getOutputStream().write(new byte[KEPT_BYTES]);
    }

    @GetMapping("/quick")
    String quick() {
      return "quick";
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"management.server.port=0", "spring.main.banner-mode=off"})
  void readinessIsToldOnThePortOfTheService(String setting) {
    try (ServiceUnderTest service = new ServiceUnderTest(SmallService.class, DEFAULTS, setting)) {
      assertThat(service.get("/readyz").statusCode()).isEqualTo(200);
      assertThat(service.get("/livez").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void aServiceThatEndsIsNotReadyAnswersOnForAWhileAndEndsWhatItHasTakenIn() throws Exception {
    ServiceUnderTest service =
        new ServiceUnderTest(
            SmallService.class, DEFAULTS, "membrane.http.drain=2s", "management.server.port=0");
    CompletableFuture<String> slow = new CompletableFuture<>();
    var _ = Thread.ofVirtual().start(() -> slow.complete(service.get("/slow").body()));
    assertThat(SmallService.TAKEN.await(20, TimeUnit.SECONDS)).isTrue();
    Thread end = Thread.ofPlatform().start(() -> service.bean(SmallService.class).context.close());
    try {
      await().until(() -> service.get("/readyz").statusCode() == 503);
      HttpResponse<String> quick = service.get("/quick");
      assertThat(quick.body()).isEqualTo("quick");
      assertThat(quick.headers().firstValue("Connection")).hasValue("close");
      await()
          .untilAsserted(() ->
              assertThatThrownBy(() -> service.get("/quick"))
                  .isInstanceOf(UncheckedIOException.class));
      assertThat(end.isAlive()).isTrue();
    } finally {
      SmallService.RELEASE.countDown();
      end.join();
    }
    assertThat(slow.get(10, TimeUnit.SECONDS)).isEqualTo("waited true");
  }

  @Test
  void anAnswerThatIsStillBeingWrittenIsWrittenToItsEnd() throws Exception {
    ServiceUnderTest service = new ServiceUnderTest(SmallService.class, DEFAULTS);
    try (Socket caller = new Socket()) {
      caller.setReceiveBufferSize(16 << 10);
      caller.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), service.url().getPort()));
      caller
          .getOutputStream()
          .write("GET /kept HTTP/1.1\r\nHost: small\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      InputStream answer = caller.getInputStream();
      assertThat(answer.read()).isEqualTo('H');
      Thread end =
          Thread.ofPlatform().start(() -> service.bean(SmallService.class).context.close());
      await()
          .untilAsserted(() ->
              assertThatThrownBy(() -> service.get("/quick"))
                  .isInstanceOf(UncheckedIOException.class));
      assertThat(end.join(Duration.ofSeconds(1))).isFalse();
      assertThat(answer.readAllBytes()).hasSizeGreaterThan(KEPT_BYTES);
      end.join();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1s", "2m"})
  void aTimeThatIsNoneStopsTheStart(String time) {
    SpringApplicationBuilder service = new SpringApplicationBuilder(SmallService.class);

    assertThatThrownBy(() -> service.run("--server.port=0", "--membrane.http.drain=" + time))
        .rootCause()
        .isInstanceOf(StartupProblem.class);
  }
}
