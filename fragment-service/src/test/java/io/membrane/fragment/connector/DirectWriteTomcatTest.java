package io.membrane.fragment.connector;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.catalina.connector.Connector;
import org.junit.jupiter.api.Test;
import org.springframework.boot.tomcat.TomcatWebServer;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;

/** What Spring Boot makes of the customizer. */
class DirectWriteTomcatTest {

  @Test
  void theServersConnectorIsTheOneForPayloads() {
    TomcatServletWebServerFactory factory = new TomcatServletWebServerFactory(0);
    new DirectWriteTomcat().customize(factory);
    TomcatWebServer server = (TomcatWebServer) factory.getWebServer();
    server.start();
    try {
      Connector connector = server.getTomcat().getConnector();
      assertThat(connector.getProtocolHandler()).isInstanceOf(DirectWriteProtocol.class);
      assertThat(connector.getProperty("socket.directBuffer")).hasToString("true");
      assertThat(connector.getProperty("socket.appReadBufSize")).hasToString("262144");
      assertThat(connector.getProperty("socket.appWriteBufSize")).hasToString("262144");
      assertThat(connector.getProperty("maxKeepAliveRequests")).hasToString("-1");
    } finally {
      server.stop();
    }
  }
}
