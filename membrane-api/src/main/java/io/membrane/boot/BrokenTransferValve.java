package io.membrane.boot;

import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.net.SocketTimeoutException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.apache.coyote.ActionCode;
import org.apache.coyote.BadRequestException;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the connection of an answer that cannot be finished. An exception would not do: the error
 * page would be written behind the half answer and might make up for the bytes that are missing.
 */
public final class BrokenTransferValve extends ValveBase {

  private static final String CUT = BrokenTransferValve.class.getName();

  BrokenTransferValve() {
    super(true);
  }

  /** The answer to {@code request} is to end without its proper end. */
  public static void cut(HttpServletRequest request) {
    request.setAttribute(CUT, true);
  }

  @Override
  public void invoke(Request request, Response response) throws IOException, ServletException {
    getNext().invoke(request, response);
    Object failure = request.getAttribute(RequestDispatcher.ERROR_EXCEPTION);
    boolean failed = failure != null && response.isCommitted();
    if (failed || (request.getAttribute(CUT) != null && !isTold(failure, response))) {
      response.getCoyoteResponse().action(ActionCode.CLOSE_NOW, null);
    }
  }

  /**
   * Whether Tomcat is about to answer a caller whose body it could not read, and is still there.
   */
  private static boolean isTold(@Nullable Object failure, Response response) {
    boolean isPresent =
        failure instanceof BadRequestException || failure instanceof SocketTimeoutException;
    return isPresent && !response.isCommitted();
  }
}
