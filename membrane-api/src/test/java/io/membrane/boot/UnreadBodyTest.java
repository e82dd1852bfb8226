package io.membrane.boot;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.ServiceUnderTest;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Bodies that a small service does not read. */
@ExtendWith(OutputCaptureExtension.class)
@Timeout(60)
class UnreadBodyTest {

  private static final String HEAD = " HTTP/1.1\r\nHost: a\r\nContent-Length: ";

  private static ServiceUnderTest service;

  @SpringBootApplication
  @RestController
  static class DecliningService {

    @PostMapping("/unread")
    String unread() {
      return "not wanted";
    }

    @PostMapping("/read")
    String read(@RequestBody byte[] body) {
      return "read " + body.length;
    }
  }

  @BeforeAll
  static void start() {
    service =
        new ServiceUnderTest(
            DecliningService.class,
            "spring.config.import=classpath:membrane-defaults.properties",
            "spring.application.name=declining-service");
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  @Test
  void itsConnectionEndsSoonHoweverSlowlyTheRestComes() throws Exception {
    try (Socket socket = connection()) {
      OutputStream out = socket.getOutputStream();
      out.write(("POST /unread" + HEAD + "1000000\r\n\r\n").getBytes(US_ASCII));
      Thread drip = Thread.ofVirtual().start(() -> drip(out));
      try {
        String answer = new String(socket.getInputStream().readAllBytes(), US_ASCII);
        assertThat(answer).startsWith("HTTP/1.1 200").contains("not wanted");
      } finally {
        drip.interrupt();
      }
    }
  }

  @Test
  void itsSenderSeesTheAnswerThoughItIsLarge() {
    BodyPublisher large = BodyPublishers.ofByteArray(new byte[32 << 20]);
    for (int i = 0; i < 20; i++) {
      assertThat(service.post("/unread", "application/octet-stream", large).body())
          .isEqualTo("not wanted");
    }
  }

  @Test
  void itsConnectionIsKeptWhereTheRestComesAtOnce() throws Exception {
    try (Socket socket = connection()) {
      OutputStream out = socket.getOutputStream();
      out.write(("POST /unread" + HEAD + "5\r\n\r\n12345").getBytes(US_ASCII));
      out.write(("POST /read" + HEAD + "3\r\nConnection: close\r\n\r\n123").getBytes(US_ASCII));
      String answers = new String(socket.getInputStream().readAllBytes(), US_ASCII);
      assertThat(answers).contains("not wanted").contains("read 3");
    }
  }

  @Test
  void itsSenderThatLeavesIsNoErrorInTheLog(CapturedOutput log) throws Exception {
    try (Socket socket = connection()) {
      socket
          .getOutputStream()
          .write(("POST /unread" + HEAD + "1000000\r\n\r\n").getBytes(US_ASCII));
      assertThat(new String(socket.getInputStream().readNBytes(15), US_ASCII))
          .isEqualTo("HTTP/1.1 200 \r\n");
      socket.shutdownOutput();
      socket.getInputStream().readAllBytes();
    }
    assertThat(log).doesNotContain("ExceptionHandler");
  }

  private static Socket connection() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.url().getPort());
    socket.setSoTimeout(30_000);
    return socket;
  }

  private static void drip(OutputStream out) {
    try {
      while (!Thread.interrupted()) {
        out.write('x');
        out.flush();
        Thread.sleep(20); // the slow body itself
      }
    } catch (IOException | InterruptedException e) {
      // The service has closed the connection, or the test is over.
    }
  }
}
