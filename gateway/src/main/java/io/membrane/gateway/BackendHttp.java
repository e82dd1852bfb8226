package io.membrane.gateway;

import io.membrane.rpc.ClientProperties;
import io.membrane.rpc.PeerTls;
import java.io.IOException;
import java.io.InputStream;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.impl.io.DefaultHttpResponseParserFactory;
import org.apache.hc.core5.http.io.HttpClientConnection;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

/**
 * The HTTP client of the gateway: it adds and changes nothing on its own (no redirects, cookies,
 * compression or retries), keeps connections, and notices an answer that comes before the request's
 * body is through.
 */
final class BackendHttp {

  private static final Timeout IDLE = Timeout.ofSeconds(10);
  private static final TimeValue CHECK_AFTER = TimeValue.ofMilliseconds(200);
  private static final TimeValue LIFE = TimeValue.ofMinutes(10);

  /** As many as the gateway itself takes in. */
  private static final int MOST = 8192;

  /** Beside the requests: whether it is ready. */
  private static final int SPARE = 4;

  private BackendHttp() {}

  static CloseableHttpClient client(ClientProperties properties, PeerTls tls) {
    PoolingHttpClientConnectionManager connections = connections(properties, tls);
    tls.onReplaced(() -> connections.closeIdle(TimeValue.ZERO_MILLISECONDS));
    return HttpClients.custom()
        .setConnectionManager(connections)
        .setUserAgent("membrane-gateway")
        .disableAuthCaching()
        .disableAutomaticRetries()
        .disableConnectionState()
        .disableContentCompression()
        .disableCookieManagement()
        .disableRedirectHandling()
        .build();
  }

  /** A connection that is busy while certificates are replaced ends no later than {@link #LIFE}. */
  private static PoolingHttpClientConnectionManager connections(
      ClientProperties properties, PeerTls tls) {
    return PoolingHttpClientConnectionManagerBuilder.create()
        .setTlsSocketStrategy((socket, host, port, attachment, context) ->
            new DefaultClientTlsStrategy(tls.context())
                .upgrade(socket, host, port, attachment, context))
        .setConnectionFactory(
            ManagedHttpClientConnectionFactory.builder()
                .responseParserFactory(DefaultHttpResponseParserFactory.INSTANCE)
                .responseOutOfOrderStrategy(BackendHttp::answersEarly)
                .build())
        .setDefaultConnectionConfig(
            ConnectionConfig.custom()
                .setConnectTimeout(Timeout.of(properties.connectTimeout()))
                .setValidateAfterInactivity(CHECK_AFTER)
                .setIdleTimeout(IDLE)
                .setTimeToLive(LIFE)
                .build())
        .setMaxConnPerRoute(properties.maxConcurrent() + SPARE)
        .setMaxConnTotal(MOST)
        .build();
  }

  /**
   * Looks without waiting. The client's own {@code MonitoringResponseOutOfOrderStrategy} waits a
   * millisecond every 8 KiB, which leaves 7 MB/s.
   */
  private static boolean answersEarly(
      ClassicHttpRequest request,
      HttpClientConnection connection,
      InputStream in,
      long sent,
      long next)
      throws IOException {
    return in.available() > 0;
  }
}
