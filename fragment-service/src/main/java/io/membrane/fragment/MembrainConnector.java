package io.membrane.fragment;

import io.membrane.boot.CallerNameValve;
import io.membrane.boot.ProblemWriter;
import io.membrane.rpc.ErrorCode;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Objects;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.apache.tomcat.util.buf.EncodedSolidusHandling;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.tomcat.TomcatWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.core.Ordered;
import org.springframework.util.unit.DataSize;

/**
 * Opens the Membrain protocol's own port: a second connector of the same server, set up as the
 * first one is, but always plain HTTP, and with room for what stands in the protocol's paths. It
 * answers nothing but that protocol, which the first one answers too.
 */
final class MembrainConnector
    implements WebServerFactoryCustomizer<TomcatWebServerFactory>, Ordered {

  /** The longest key with every byte escaped, its namespace, and a client's headers. */
  private static final DataSize MAX_HEADER = DataSize.ofKilobytes(64);

  /** What RFC 3986 wants escaped and not every client escapes. */
  private static final String RELAXED = "\"<>[\\]^`{|}";

  private final int port;
  private final @Nullable MembrainTls tls;
  private final ProblemWriter problems;
  private @Nullable Connector connector;

  /**
   * @param port as {@link MembrainProperties#port}
   * @param tls null: plain HTTP
   */
  MembrainConnector(int port, @Nullable MembrainTls tls, ProblemWriter problems) {
    this.port = port;
    this.tls = tls;
    this.problems = problems;
  }

  /** The port that was opened; not before the server has started. */
  int localPort() {
    return connector == null ? MembrainProperties.NONE : connector.getLocalPort();
  }

  @Override
  public void customize(TomcatWebServerFactory factory) {
    Connector own = null;
    if (port != MembrainProperties.NONE) {
      ExtraPort.requireFree(
          factory.getAddress(), port, "the Membrain protocol", "membrane.fragment.membrain.port");
      own = open(factory);
      factory.addAdditionalConnectors(own);
    }
    factory.addEngineValves(new Door(own, tls == null, problems));
    this.connector = own;
  }

  private Connector open(TomcatWebServerFactory factory) {
    Connector own = ExtraPort.open(factory, port);
    if (own.getProtocolHandler() instanceof AbstractHttp11Protocol<?> http) {
      http.setMaxHttpRequestHeaderSize((int) MAX_HEADER.toBytes());
      http.setRelaxedPathChars(RELAXED);
    }
    if (tls != null) {
      tls.secure(own);
    }
    own.setEncodedSolidusHandling(EncodedSolidusHandling.PASS_THROUGH.getValue());
    own.setAllowBackslash(true);
    return own;
  }

  /** After everything that says how a connector is to be. */
  @Override
  public int getOrder() {
    return LOWEST_PRECEDENCE;
  }

  /** Lets nothing but the protocol through its own port, and hides what its bodies claim to be. */
  private static final class Door extends ValveBase {

    private final @Nullable Connector own;
    private final boolean isPlain;
    private final ProblemWriter problems;

    private Door(@Nullable Connector own, boolean isPlain, ProblemWriter problems) {
      super(true);
      this.own = own;
      this.isPlain = isPlain;
      this.problems = problems;
    }

    @Override
    public void invoke(Request request, Response response) throws IOException, ServletException {
      // Null for what Tomcat has refused already.
      String path = Objects.requireNonNullElse(request.getDecodedRequestURI(), "");
      boolean isValue = path.startsWith("/memory/");
      if (isPlain && request.getConnector().equals(own)) {
        request.setAttribute(CallerNameValve.WITHOUT_CERTIFICATE, true);
      }
      if (isValue) {
        request.getCoyoteRequest().getMimeHeaders().removeHeader("Content-Type");
      }
      if (request.getConnector().equals(own)
          && !isValue
          && !path.equals(MembrainServlet.HEALTH)
          && response.getStatus() < HttpServletResponse.SC_BAD_REQUEST) {
        problems.write(
            ErrorCode.NOT_FOUND,
            "this port answers /memory/<namespace>/<key> and /healthz alone",
            response);
        return;
      }
      getNext().invoke(request, response);
    }
  }
}
