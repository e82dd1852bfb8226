package io.membrane.boot;

import jakarta.servlet.ServletException;
import java.io.IOException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;

/** Hands each request what watches its caller, for as long as a thread serves it. */
final class CallerWatchValve extends ValveBase {

  private final CallerWatch watch;

  CallerWatchValve(CallerWatch watch) {
    super(true);
    this.watch = watch;
  }

  @Override
  public void invoke(Request request, Response response) throws IOException, ServletException {
    WatchedCaller caller = new WatchedCaller(request);
    watch.begin(request, caller);
    try {
      getNext().invoke(request, response);
    } finally {
      watch.end(caller);
    }
  }
}
