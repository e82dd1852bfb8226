package io.membrane.fragment.connector;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.ContentDigest;
import io.membrane.fixture.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Random;
import org.apache.catalina.LifecycleException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bodies of requests as a service gets them. */
class DirectInputTest {

  @TempDir private Path folder;

  /** Reads as much of a body as is asked for, in pieces of any size; answers its digest. */
  private RunningTomcat start() throws LifecycleException {
    return new RunningTomcat(folder)
        .start(
            (request, response) -> {
              Random random = new Random(request.getContentLengthLong());
              DirectInput in = Objects.requireNonNull(DirectInput.of(request));
              String asked = Objects.requireNonNull(request.getHeader("Membrane-Read"));
              ByteBuffer body = ByteBuffer.allocateDirect(Integer.parseInt(asked));
              while (body.hasRemaining()) {
                int most = 1 + random.nextInt(1 << (1 + random.nextInt(20)));
                ByteBuffer room = body.slice(body.position(), Math.min(most, body.remaining()));
                int n = in.read(room);
                if (n < 0) {
                  response.setHeader("Membrane-Ended", Integer.toString(body.position()));
                  break;
                }
                assertThat(room.position()).isEqualTo(n).isPositive();
                body.position(body.position() + n);
              }
              response.setContentLength(0);
              response.setHeader("Membrane-Got", ContentDigest.of(body.flip()).hex());
            },
            new DirectOutputValve());
  }

  private static String head(int length, int read) {
    return "PUT / HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\nMembrane-Read: %d\r\n\r\n"
        .formatted(length, read);
  }

  private static String digest(byte[] body, int length) {
    return ContentDigest.of(ByteBuffer.wrap(body, 0, length)).hex();
  }

  @Test
  void aBodyArrivesWholeHoweverItComesAndHoweverItIsRead() throws IOException, LifecycleException {
    try (RunningTomcat tomcat = start();
        RawClient client = RawClient.to(tomcat.port())) {
      for (long seed = 0; seed < 120; seed++) {
        Random random = new Random(seed);
        byte[] body = Seeds.bytes(random, 1 + random.nextInt(1 << (1 + random.nextInt(20))));
        byte[] head = head(body.length, body.length).getBytes(ISO_8859_1);
        byte[] all = new byte[head.length + body.length];
        System.arraycopy(head, 0, all, 0, head.length);
        System.arraycopy(body, 0, all, head.length, body.length);
        for (int at = 0; at < all.length; ) {
          int n = Math.min(all.length - at, 1 + random.nextInt(1 << (6 + random.nextInt(15))));
          client.sendBytes(all, at, n);
          at += n;
        }
        assertThat(client.answerTo("PUT").header("Membrane-Got"))
            .as("seed " + seed)
            .isEqualTo(digest(body, body.length));
      }
    }
  }

  @Test
  void whatIsLeftUnreadIsNotTakenForTheNextRequest() throws IOException, LifecycleException {
    try (RunningTomcat tomcat = start();
        RawClient client = RawClient.to(tomcat.port())) {
      for (long seed = 0; seed < 60; seed++) {
        Random random = new Random(seed);
        byte[] body = Seeds.bytes(random, 1 + random.nextInt(500_000));
        int read = random.nextInt(body.length + 1);
        client.sendText(head(body.length, read));
        client.sendBytes(body, 0, body.length);
        assertThat(client.answerTo("PUT").header("Membrane-Got")).isEqualTo(digest(body, read));
      }
    }
  }

  @Test
  void requestsThatAreSentWithoutWaitingAreReadOneByOne() throws IOException, LifecycleException {
    try (RunningTomcat tomcat = start();
        RawClient client = RawClient.to(tomcat.port())) {
      Random random = new Random(3);
      byte[] body = Seeds.bytes(random, 3000);
      StringBuilder requests = new StringBuilder();
      for (int i = 1; i <= 40; i++) {
        requests.append(head(10 * i, 10 * i)).append("x".repeat(10 * i));
      }
      client.sendText(requests.toString());
      client.sendText(head(body.length, body.length));
      client.sendBytes(body, 0, body.length);
      for (int i = 1; i <= 40; i++) {
        assertThat(client.answerTo("PUT").header("Membrane-Got"))
            .isEqualTo(ContentDigest.of("x".repeat(10 * i).getBytes(ISO_8859_1)).hex());
      }
      assertThat(client.answerTo("PUT").header("Membrane-Got"))
          .isEqualTo(digest(body, body.length));
    }
  }

  @Test
  void ofAnEncryptedConnectionOnlyTheStreamCanBeRead()
      throws IOException, LifecycleException, InterruptedException {
    RunningTomcat.Service service =
        (request, response) -> {
          assertThat(DirectInput.of(request)).isNull();
          byte[] body = request.getInputStream().readAllBytes();
          response.setContentLength(0);
          response.setHeader("Membrane-Got", ContentDigest.of(body).hex());
        };
    TestKeys keys = TestKeys.in(folder);
    try (RunningTomcat tomcat =
            new RunningTomcat(folder)
                .tls(keys.file(), TestKeys.PASSWORD)
                .start(service, new DirectOutputValve());
        RawClient client = new RawClient(keys.connect(tomcat.port()))) {
      byte[] body = Seeds.bytes(new Random(4), 300_000);
      client.sendText(head(body.length, 0));
      client.sendBytes(body, 0, body.length);
      assertThat(client.answerTo("PUT").header("Membrane-Got"))
          .isEqualTo(digest(body, body.length));
    }
  }
}
