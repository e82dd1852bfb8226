package io.membrane.boot;

import jakarta.servlet.ServletException;
import java.io.IOException;
import org.apache.catalina.AccessLog;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices TLS connections that end in their handshake, which Tomcat shows to access logs alone, as
 * a request of which nothing was read.
 */
final class HandshakeWatch extends ValveBase implements AccessLog {

  private static final Logger log = LoggerFactory.getLogger(HandshakeWatch.class);

  private final Runnable failed;
  private final Seldom seldom = new Seldom();

  /**
   * @param failed is run for each
   */
  HandshakeWatch(Runnable failed) {
    super(true);
    this.failed = failed;
  }

  @Override
  public void invoke(Request request, Response response) throws IOException, ServletException {
    getNext().invoke(request, response);
  }

  @Override
  public void log(Request request, Response response, long time) {
    if (request.getConnector().getSecure() && request.getRequestURI() == null) {
      failed.run();
      if (seldom.isDue()) {
        log.warn(
            "a connection of {} ended in its TLS handshake: it showed no certificate, one that is"
                + " not trusted here or has expired, or does not trust this service's",
            request.getRemoteAddr());
      }
    }
  }

  @Override
  public void setRequestAttributesEnabled(boolean enabled) {}

  @Override
  public boolean getRequestAttributesEnabled() {
    return false;
  }
}
