package io.membrane.gateway.routing;

import java.io.IOException;
import java.net.URI;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.core5.util.Timeout;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/** Whether a service says that it is ready. Shown, not part of the gateway's own readiness. */
public final class BackendHealth implements HealthIndicator {

  private static final Timeout PATIENCE = Timeout.ofSeconds(1);
  private static final int OK = 200;

  private final CloseableHttpClient http;
  private final URI readiness;

  public BackendHealth(CloseableHttpClient http, URI service) {
    this.http = http;
    this.readiness = service.resolve("/actuator/health/readiness");
  }

  @Override
  public Health health() {
    HttpGet request = new HttpGet(readiness);
    request.setConfig(
        RequestConfig.custom()
            .setConnectionRequestTimeout(PATIENCE)
            .setResponseTimeout(PATIENCE)
            .build());
    try {
      int status = http.execute(request, response -> response.getCode());
      return status == OK ? Health.up().build() : Health.outOfService().build();
    } catch (IOException e) {
      return Health.down(e).build();
    }
  }
}
