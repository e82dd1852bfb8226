package io.membrane.fragment;

import io.membrane.boot.CallerNameValve;
import io.membrane.boot.ProblemWriter;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.FragmentTokens;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.apache.tomcat.util.http.MimeHeaders;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.tomcat.TomcatWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.core.Ordered;

/**
 * Opens the port at which engines are let in: every request needs a token of the gateway, whose
 * tenant it is made for, and calls of fragments alone are answered. With TLS on the service's port
 * this one speaks it too, and asks callers for no certificate.
 */
final class DirectConnector implements WebServerFactoryCustomizer<TomcatWebServerFactory>, Ordered {

  private final int port;
  private final @Nullable MembrainTls tls;
  private final DirectTokens tokens;
  private final ProblemWriter problems;
  private @Nullable Connector connector;

  /**
   * @param tls null: plain HTTP
   */
  DirectConnector(
      int port, @Nullable MembrainTls tls, DirectTokens tokens, ProblemWriter problems) {
    this.port = port;
    this.tls = tls;
    this.tokens = tokens;
    this.problems = problems;
  }

  /** The port that was opened; not before the server has started. */
  int localPort() {
    return connector == null ? DirectProperties.NONE : connector.getLocalPort();
  }

  @Override
  public void customize(TomcatWebServerFactory factory) {
    ExtraPort.requireFree(factory.getAddress(), port, "engines", DirectProperties.PORT);
    Connector own = ExtraPort.open(factory, port);
    if (tls != null) {
      tls.secure(own);
    }
    factory.addAdditionalConnectors(own);
    factory.addEngineValves(new Door(own, tokens, problems));
    connector = own;
  }

  /** After everything that says how a connector is to be. */
  @Override
  public int getOrder() {
    return LOWEST_PRECEDENCE;
  }

  /** Lets in who shows a token, as whom it names. */
  private static final class Door extends ValveBase {

    private static final String BEARER = "Bearer ";

    /** What no caller from outside says to a node. */
    private static final List<String> WITHHELD =
        List.of(
            CallContext.TENANT_HEADER,
            DirectoryClient.PEER_HEADER,
            "Authorization",
            "Cookie",
            "Forwarded");

    private final Connector own;
    private final DirectTokens tokens;
    private final ProblemWriter problems;

    private Door(Connector own, DirectTokens tokens, ProblemWriter problems) {
      super(true);
      this.own = own;
      this.tokens = tokens;
      this.problems = problems;
    }

    @Override
    public void invoke(Request request, Response response) throws IOException, ServletException {
      if (!request.getConnector().equals(own)
          || response.getStatus() >= HttpServletResponse.SC_BAD_REQUEST
          || mayEnter(request, response)) {
        getNext().invoke(request, response);
      }
    }

    private boolean mayEnter(Request request, Response response) throws IOException {
      Optional<DirectTokens.Holder> holder = holder(request.getHeader("Authorization"));
      if (holder.isEmpty()) {
        problems.write(
            ErrorCode.UNAUTHENTICATED,
            "send a token that the gateway made a while ago at most: POST /v1/fragment-tokens there",
            Map.of("WWW-Authenticate", "Bearer realm=\"membrane-fragments\""),
            response);
        return false;
      }
      Optional<String> scope = FragmentTokens.scopeOf(request.getMethod(), path(request));
      if (scope.isEmpty()) {
        problems.write(
            ErrorCode.NOT_FOUND,
            "this port answers /v1/fragments, /v1/uploads and /v1/pins alone",
            response);
        return false;
      }
      if (!holder.get().scopes().contains(scope.get())) {
        problems.write(
            ErrorCode.FORBIDDEN, "that takes a token with the scope " + scope.get(), response);
        return false;
      }
      admit(request, holder.get().tenant());
      return true;
    }

    private Optional<DirectTokens.Holder> holder(@Nullable String authorization) {
      return authorization != null && authorization.startsWith(BEARER)
          ? tokens.holder(authorization.substring(BEARER.length()).strip())
          : Optional.empty();
    }

    /** Empty for one that means another path than it says: no key needs an escape. */
    private static String path(Request request) {
      String decoded = Objects.requireNonNullElse(request.getDecodedRequestURI(), "");
      return decoded.equals(request.getRequestURI()) ? decoded : "";
    }

    private static void admit(Request request, String tenant) {
      MimeHeaders headers = request.getCoyoteRequest().getMimeHeaders();
      WITHHELD.forEach(headers::removeHeader);
      headers.setValue(CallContext.TENANT_HEADER).setString(tenant);
      request.setAttribute(CallerNameValve.WITHOUT_CERTIFICATE, true);
    }
  }
}
