package io.membrane.fragment.connector;

import org.apache.catalina.connector.Connector;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.springframework.boot.tomcat.TomcatWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.core.Ordered;
import org.springframework.util.unit.DataSize;

/**
 * Makes the server's connector one for payloads: it writes them without a copy, reads them in large
 * pieces, and keeps a connection for any number of requests.
 */
public final class DirectWriteTomcat
    implements WebServerFactoryCustomizer<TomcatWebServerFactory>, Ordered {

  /** One read or write of a body that is copied; with 8 KiB, Tomcat's own, a third of the rate. */
  private static final DataSize SOCKET_BUFFER = DataSize.ofKilobytes(256);

  private static final int UNLIMITED = -1;

  @Override
  public void customize(TomcatWebServerFactory factory) {
    factory.setProtocol(DirectWriteProtocol.class.getName());
    factory.addConnectorCustomizers(DirectWriteTomcat::configure);
    factory.addContextValves(new DirectOutputValve());
  }

  static void configure(Connector connector) {
    String bytes = Long.toString(SOCKET_BUFFER.toBytes());
    connector.setProperty("socket.directBuffer", "true");
    connector.setProperty("socket.appReadBufSize", bytes);
    connector.setProperty("socket.appWriteBufSize", bytes);
    if (connector.getProtocolHandler() instanceof AbstractHttp11Protocol<?> http) {
      http.setMaxKeepAliveRequests(UNLIMITED);
    }
  }

  /** After Spring Boot's own customizer, which sets what its properties say. */
  @Override
  public int getOrder() {
    return 1;
  }
}
