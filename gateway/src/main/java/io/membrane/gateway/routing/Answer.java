package io.membrane.gateway.routing;

import java.io.IOException;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A service's answer whose body is still to be read. Closing it in any state gives back everything
 * that the exchange holds; a body that was not read to its end costs its connection.
 *
 * @param limit what aborts the exchange
 * @param release gives back the permit of the bulkhead
 */
record Answer(
    Service service,
    HttpUriRequestBase request,
    ClassicHttpResponse response,
    PatienceLimit limit,
    Runnable release)
    implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Answer.class);

  /** Ends the exchange at once, whatever was still to come. */
  void abort() {
    request.abort();
  }

  @Override
  public void close() {
    limit.lift();
    try {
      response.close();
    } catch (IOException e) {
      log.debug("closing an exchange with {}", service.serviceName(), e);
    } finally {
      release.run();
    }
  }
}
