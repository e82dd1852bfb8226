package io.membrane.fragment;

import io.membrane.boot.StartupProblem;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import org.apache.catalina.connector.Connector;
import org.apache.coyote.ProtocolHandler;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.tomcat.TomcatProtocolHandlerCustomizer;
import org.springframework.boot.tomcat.TomcatWebServerFactory;

/** A further port of the same server, set up as the first one is, but plain HTTP. */
final class ExtraPort {

  private ExtraPort() {}

  static Connector open(TomcatWebServerFactory factory, int port) {
    Connector own = new Connector(factory.getProtocol());
    own.setPort(port);
    own.setProperty("bindOnInit", "false");
    factory.getProtocolHandlerCustomizers().forEach(each -> apply(each, own.getProtocolHandler()));
    factory.getConnectorCustomizers().forEach(each -> each.customize(own));
    if (factory.getAddress() != null
        && own.getProtocolHandler() instanceof AbstractHttp11Protocol<?> http) {
      http.setAddress(factory.getAddress());
    }
    return own;
  }

  /**
   * Stops the start if a port cannot be opened.
   *
   * @param purpose what it is for
   * @param property what names it
   */
  static void requireFree(
      @Nullable InetAddress address, int port, String purpose, String property) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(address, port));
    } catch (IOException e) {
      throw new StartupProblem(
          "port " + port + ", for " + purpose + ", cannot be opened: " + e.getMessage(),
          "Set " + property + " to a port that is free, or to -1 for none.");
    }
  }

  @SuppressWarnings("unchecked") // as Spring Boot does it: all are of the handler that it makes
  private static void apply(
      TomcatProtocolHandlerCustomizer<?> customizer, ProtocolHandler handler) {
    ((TomcatProtocolHandlerCustomizer<ProtocolHandler>) customizer).customize(handler);
  }
}
