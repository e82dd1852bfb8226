package io.membrane.boot;

import jakarta.servlet.ServletException;
import java.io.IOException;
import org.apache.catalina.Context;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;

/**
 * Ends each connection with its answer while the service drains, so that the next is elsewhere; and
 * lets the end of the web server wait until an answer is written. By itself it waits for the
 * servlet alone, which may leave the last part of an answer, or all of a short one, to be written
 * after it.
 */
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
    Context context = request.getContext();
    if (context == null) {
      getNext().invoke(request, response);
      return;
    }
    // What Spring Boot's GracefulShutdown waits for, beside servlets.
    context.incrementInProgressAsyncCount();
    try {
      getNext().invoke(request, response);
      if (!request.isAsync()) {
        response.finishResponse();
      }
    } finally {
      context.decrementInProgressAsyncCount();
    }
  }
}
