package io.membrane.fragment.connector;

import jakarta.servlet.ServletException;
import java.io.IOException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;

/** Makes {@link DirectOutput} possible. */
final class DirectOutputValve extends ValveBase {

  DirectOutputValve() {
    super(true);
  }

  @Override
  public void invoke(Request request, Response response) throws IOException, ServletException {
    request.setAttribute(DirectOutput.ATTRIBUTE, response.getCoyoteResponse());
    getNext().invoke(request, response);
  }
}
