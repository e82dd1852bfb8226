package io.membrane.directory.region;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.membrane.wire.DirectoryClient;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.jspecify.annotations.Nullable;

/** Asks directories for the feed of one region. Thread-safe. */
final class FeedLink {

  private static final int MOST_OF_AN_ANSWER = 500;

  private final String region;
  private final Following following;
  private final PeerCalls calls;

  FeedLink(String region, Following following, PeerCalls calls) {
    this.region = region;
    this.following = following;
    this.calls = calls;
  }

  /** The feed after a cursor, or all of it; whatever the directory answers. */
  HttpResponse<InputStream> ask(URI url, @Nullable String cursor)
      throws IOException, InterruptedException {
    String query = cursor == null ? "" : "?after=" + URLEncoder.encode(cursor, UTF_8);
    String base = url.toString().replaceFirst("/+$", "");
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(base + "/v1/directory/feed" + query))
            .header(DirectoryClient.PEER_HEADER, following.key())
            .header("Accept", "application/x-ndjson, application/problem+json")
            .timeout(following.staleAfter())
            .build();
    return calls.send(request);
  }

  /**
   * Looks whether an answer is the region's feed.
   *
   * @throws IOException if it is none, or another region's
   */
  void check(HttpResponse<InputStream> answer) throws IOException {
    if (answer.statusCode() != 200) {
      String text = new String(answer.body().readNBytes(MOST_OF_AN_ANSWER), UTF_8);
      throw new IOException("it answers " + answer.statusCode() + ": " + text);
    }
    String named = answer.headers().firstValue(DirectoryClient.REGION_HEADER).orElse(null);
    if (following.ownRegion().equals(named)) {
      throw new IOException(
          "it says that it is " + named + ", which is this region; nothing of it is taken in");
    }
    if (!region.equals(named)) {
      throw new IOException(
          "it says that it is "
              + (named == null ? "of no region" : named)
              + ", not "
              + region
              + "; nothing of it is taken in");
    }
  }
}
