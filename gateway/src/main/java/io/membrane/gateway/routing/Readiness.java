package io.membrane.gateway.routing;

import java.io.IOException;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.core5.http.ConnectionRequestTimeoutException;
import org.apache.hc.core5.http.HttpStatus;
import org.apache.hc.core5.util.Timeout;

/** Asks instances whether they are ready. Thread-safe. */
public final class Readiness {

  private static final String PATH = "/readyz";
  private static final Timeout PATIENCE = Timeout.ofSeconds(2);

  private final CloseableHttpClient http;

  public Readiness(CloseableHttpClient http) {
    this.http = http;
  }

  /**
   * Whether an instance is ready: unless it says that it is not. One that does not know the
   * question is an older one, and there.
   *
   * @throws IOException if it does not answer
   */
  boolean ask(Instance instance) throws IOException {
    HttpGet request = new HttpGet(instance.url().resolve(PATH));
    request.setConfig(
        RequestConfig.custom()
            .setConnectionRequestTimeout(PATIENCE)
            .setResponseTimeout(PATIENCE)
            .build());
    try {
      return http.execute(request, response -> response.getCode())
          < HttpStatus.SC_INTERNAL_SERVER_ERROR;
    } catch (ConnectionRequestTimeoutException e) {
      return true; // All its connections are in use: that says nothing against it.
    }
  }
}
