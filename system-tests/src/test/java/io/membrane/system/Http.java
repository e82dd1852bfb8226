package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.rpc.Frame;
import io.membrane.rpc.FrameReader;
import io.membrane.rpc.Problem;
import io.membrane.rpc.WireJson;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import tools.jackson.databind.JsonNode;

/** A plain HTTP caller, as an engine or a script would be. */
final class Http {

  private static final Duration TIMEOUT = Duration.ofMinutes(2);

  private final HttpClient client;
  private final URI base;

  Http(URI base) {
    this(base, HttpClient.newBuilder());
  }

  /** One over TLS. */
  Http(URI base, SSLContext tls) {
    this(base, HttpClient.newBuilder().sslContext(tls));
  }

  private Http(URI base, HttpClient.Builder settings) {
    this.base = base;
    this.client =
        settings.version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(5)).build();
  }

  /** What came back. */
  record Answer(HttpResponse<byte[]> response) {

    int status() {
      return response.statusCode();
    }

    String text() {
      return new String(response.body(), StandardCharsets.UTF_8);
    }

    String header(String name) {
      return response.headers().firstValue(name).orElse("");
    }

    JsonNode json() {
      return WireJson.mapper().readTree(response.body());
    }

    <T> T as(Class<T> type) {
      assertThat(status()).as(text()).isBetween(200, 299);
      return WireJson.mapper().readValue(response.body(), type);
    }

    /** The problem document, of this status. */
    Problem problem(int status) {
      assertThat(status()).as(text()).isEqualTo(status);
      assertThat(header("Content-Type")).startsWith(Problem.MEDIA_TYPE);
      Problem problem = WireJson.mapper().readValue(response.body(), Problem.class);
      assertThat(problem.detail()).isNotBlank();
      assertThat(text()).doesNotContain("\tat ").doesNotContain("Exception:");
      return problem;
    }

    List<Frame> frames() {
      assertThat(status()).as(text()).isEqualTo(200);
      FrameReader reader =
          new FrameReader(new ByteArrayInputStream(response.body()), 1 << 30, 100_000);
      List<Frame> frames = new ArrayList<>();
      try {
        for (Frame frame = reader.next(); frame != null; frame = reader.next()) {
          frames.add(frame);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return frames;
    }
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(base + path)).timeout(TIMEOUT);
  }

  Answer get(String path) {
    return send(request(path).GET());
  }

  /** Posts a value as JSON. */
  Answer post(String path, Object body) {
    return postText(path, WireJson.mapper().writeValueAsString(body));
  }

  /** Posts text as it stands, called JSON. */
  Answer postText(String path, String body) {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body)));
  }

  Answer send(HttpRequest.Builder request) {
    try {
      return new Answer(client.send(request.build(), BodyHandlers.ofByteArray()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
