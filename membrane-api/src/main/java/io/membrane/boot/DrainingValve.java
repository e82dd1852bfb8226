package io.membrane.boot;

import jakarta.servlet.ServletException;
import java.io.IOException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;

/** Ends each connection with its answer while the service drains, so that the next is elsewhere. */
final class DrainingValve extends ValveBase {

  private final Draining draining;

  DrainingValve(Draining draining) {
    super(true);
    this.draining = draining;
  }

  @Override
  public void invoke(Request request, Response response) throws IOException, ServletException {
    if (draining.isDraining()) {
      response.getCoyoteResponse().setHeader("Connection", "close");
    }
    getNext().invoke(request, response);
  }
}
