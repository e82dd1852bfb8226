package io.membrane.directory;

import io.membrane.rpc.CallContext;
import io.membrane.wire.DirectoryClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A plain reader of the feed. */
final class FeedLines implements AutoCloseable {

  static final String FEED = "/v1/directory/feed";

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final HttpResponse<InputStream> answer;
  private final BufferedReader lines;

  /**
   * @param key null for a tenant
   */
  FeedLines(URI service, String tenant, @Nullable String key, @Nullable String after) {
    String query =
        after == null ? "" : "?after=" + URLEncoder.encode(after, StandardCharsets.UTF_8);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(service.resolve(FEED + query))
            .header(CallContext.TENANT_HEADER, tenant);
    if (key != null) {
      request.header(DirectoryClient.PEER_HEADER, key);
    }
    try {
      answer = http.send(request.build(), BodyHandlers.ofInputStream());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
    lines = new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8));
  }

  int status() {
    return answer.statusCode();
  }

  @Nullable String region() {
    return answer.headers().firstValue(DirectoryClient.REGION_HEADER).orElse(null);
  }

  /** The next line. */
  JsonNode next() {
    try {
      String line = lines.readLine();
      if (line == null) {
        throw new IllegalStateException("the feed has ended");
      }
      return JsonMapper.shared().readTree(line);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The next line that is no mere sign of life. */
  JsonNode nextChange() {
    JsonNode line = next();
    while (line.get("type").asString().equals("at")) {
      line = next();
    }
    return line;
  }

  /** The lines up to and with one of this type. */
  List<JsonNode> until(String type) {
    List<JsonNode> some = new ArrayList<>();
    do {
      some.add(next());
    } while (!some.getLast().get("type").asString().equals(type));
    return some;
  }

  @Override
  public void close() {
    try {
      answer.body().close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    http.shutdownNow();
  }
}
