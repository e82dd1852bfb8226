package io.membrane.directory.region;

import io.membrane.rpc.PeerTls;
import io.membrane.rpc.TlsRefusal;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.function.Supplier;

/** HTTP to others whose answers are read as they come. Thread-safe. */
public final class PeerCalls {

  private final PeerTls tls;
  private final Supplier<HttpClient> http;

  public PeerCalls(PeerTls tls, Duration connectLimit) {
    this.tls = tls;
    this.http =
        tls.http(() ->
            HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(connectLimit));
  }

  /**
   * Sends a request; the answer's body is still to be read.
   *
   * @throws IOException without a try if that peer may be called over TLS alone, and is not
   */
  public HttpResponse<InputStream> send(HttpRequest request)
      throws IOException, InterruptedException {
    if (!tls.permits(request.uri())) {
      throw new IOException(PeerTls.forbidden(request.uri()));
    }
    try {
      return http.get().send(request, BodyHandlers.ofInputStream());
    } catch (IOException e) {
      TlsRefusal refusal = TlsRefusal.in(e);
      if (refusal == null) {
        throw e;
      }
      throw new IOException(
          tls.refused("a peer", request.uri().resolve("/"), refusal, e).detail(), e);
    }
  }
}
