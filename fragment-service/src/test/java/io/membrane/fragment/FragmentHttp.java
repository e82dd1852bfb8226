package io.membrane.fragment;

import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.Frame;
import io.membrane.rpc.FrameReader;
import io.membrane.rpc.FrameWriter;
import io.membrane.rpc.WireJson;
import io.membrane.wire.FragmentClient;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import tools.jackson.databind.JsonNode;

/** The service as a plain HTTP client sees it. */
final class FragmentHttp {

  /** The headers that every put needs, names and values in turn. */
  static final List<String> META =
      List.of(
          "Membrane-Namespace",
          WireJson.mapper().writeValueAsString(Seeds.namespace(16)),
          "Membrane-Parent",
          "root",
          "Membrane-Token-Span",
          "0-16");

  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final URI base;

  FragmentHttp(int port) {
    this.base = URI.create("http://127.0.0.1:" + port);
  }

  static FragmentKey key(RandomGenerator random) {
    return new FragmentKey(Seeds.hash(random), Slice.attention(4));
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(base.resolve(path)).timeout(TIMEOUT);
  }

  HttpResponse<byte[]> send(HttpRequest.Builder request) throws IOException {
    try {
      return http.send(request.build(), BodyHandlers.ofByteArray());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  HttpResponse<byte[]> put(FragmentKey key, byte[] body, String... more) throws IOException {
    List<String> headers = new ArrayList<>(META);
    headers.addAll(List.of(more));
    return send(
        request("/v1/fragments/" + key)
            .PUT(BodyPublishers.ofByteArray(body))
            .headers(headers.toArray(String[]::new)));
  }

  HttpResponse<byte[]> get(FragmentKey key, String... headers) throws IOException {
    return send(with(request("/v1/fragments/" + key).GET(), headers));
  }

  HttpResponse<byte[]> head(FragmentKey key, String... headers) throws IOException {
    return send(with(request("/v1/fragments/" + key).HEAD(), headers));
  }

  HttpResponse<byte[]> delete(FragmentKey key) throws IOException {
    return send(request("/v1/fragments/" + key).DELETE());
  }

  HttpResponse<byte[]> postJson(String path, String json) throws IOException {
    return send(
        request(path)
            .POST(BodyPublishers.ofString(json))
            .header("Content-Type", "application/json"));
  }

  FragmentClient.Existence exists(List<FragmentKey> keys) throws IOException {
    HttpResponse<byte[]> answer = postJson("/v1/fragments/exists", keys(keys));
    return WireJson.mapper().readValue(answer.body(), FragmentClient.Existence.class);
  }

  List<Frame> batchGet(List<FragmentKey> keys) throws IOException {
    return frames(postJson("/v1/fragments/batch-get", keys(keys)));
  }

  HttpResponse<byte[]> batchPut(byte[] frames) throws IOException {
    return send(
        request("/v1/fragments/batch-put")
            .POST(BodyPublishers.ofByteArray(frames))
            .header("Content-Type", Frame.MEDIA_TYPE));
  }

  static byte[] body(List<Frame> frames) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    FrameWriter writer = new FrameWriter(bytes);
    for (Frame frame : frames) {
      writer.write(frame);
    }
    writer.end();
    return bytes.toByteArray();
  }

  static List<Frame> frames(HttpResponse<byte[]> answer) throws IOException {
    FrameReader reader = new FrameReader(new ByteArrayInputStream(answer.body()), 1 << 30, 1 << 20);
    List<Frame> frames = new ArrayList<>();
    for (Frame frame = reader.next(); frame != null; frame = reader.next()) {
      frames.add(frame);
    }
    return frames;
  }

  /** The {@code code} of a problem document. */
  static String code(HttpResponse<byte[]> answer) {
    return json(answer).path("code").asString();
  }

  static String detail(HttpResponse<byte[]> answer) {
    return json(answer).path("detail").asString();
  }

  static JsonNode json(HttpResponse<byte[]> answer) {
    return WireJson.mapper().readTree(answer.body());
  }

  static String header(HttpResponse<byte[]> answer, String name) {
    return answer.headers().firstValue(name).orElse("");
  }

  static String keys(List<FragmentKey> keys) {
    return WireJson.mapper().writeValueAsString(new FragmentClient.Keys(keys));
  }

  private static HttpRequest.Builder with(HttpRequest.Builder request, String... headers) {
    return headers.length == 0 ? request : request.headers(headers);
  }
}
