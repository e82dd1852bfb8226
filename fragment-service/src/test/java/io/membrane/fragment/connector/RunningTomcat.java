package io.membrane.fragment.connector;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.Valve;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.startup.Tomcat;
import org.apache.catalina.valves.ValveBase;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.apache.tomcat.util.net.SSLHostConfig;
import org.apache.tomcat.util.net.SSLHostConfigCertificate;
import org.apache.tomcat.util.threads.VirtualThreadExecutor;

/** A real Tomcat on a free port, with the connector of this package and the valves of a test. */
public final class RunningTomcat implements AutoCloseable {

  /** Writes the answer to a request. */
  @FunctionalInterface
  public interface Service {
    void serve(Request request, Response response) throws IOException;
  }

  private final Tomcat tomcat = new Tomcat();
  private final Connector connector;
  private final Context context;
  private final DirectWriteEndpoint endpoint;

  /** Not started yet. */
  public RunningTomcat(Path folder) {
    this(folder, new DirectWriteEndpoint());
  }

  RunningTomcat(Path folder, DirectWriteEndpoint endpoint) {
    this.endpoint = endpoint;
    connector = new Connector(new DirectWriteProtocol(endpoint));
    connector.setPort(0);
    DirectWriteTomcat.configure(connector);
    protocol().setExecutor(new VirtualThreadExecutor("test-"));
    tomcat.setBaseDir(folder.toString());
    tomcat.setConnector(connector);
    context = tomcat.addContext("", null);
  }

  private AbstractHttp11Protocol<?> protocol() {
    return (AbstractHttp11Protocol<?>) connector.getProtocolHandler();
  }

  /** How long a caller may leave its socket full. */
  public RunningTomcat timeout(Duration timeout) {
    protocol().setConnectionTimeout(Math.toIntExact(timeout.toMillis()));
    return this;
  }

  /** Speaks TLS with the key of a PKCS#12 file. */
  public RunningTomcat tls(Path keys, String password) {
    SSLHostConfig host = new SSLHostConfig();
    SSLHostConfigCertificate certificate =
        new SSLHostConfigCertificate(host, SSLHostConfigCertificate.Type.RSA);
    certificate.setCertificateKeystoreFile(keys.toString());
    certificate.setCertificateKeystorePassword(password);
    host.addCertificate(certificate);
    protocol().addSslHostConfig(host);
    protocol().setSSLEnabled(true);
    connector.setSecure(true);
    connector.setScheme("https");
    return this;
  }

  /** A further connector, as a service has for callers that are let in by other rules. */
  public Connector another() {
    Connector other = new Connector(new DirectWriteProtocol(new DirectWriteEndpoint()));
    other.setPort(0);
    DirectWriteTomcat.configure(other);
    tomcat.getService().addConnector(other);
    return other;
  }

  /** The socket of a connection takes little before its reader has read. */
  public RunningTomcat narrow() {
    connector.setProperty("socket.txBufSize", "8192");
    return this;
  }

  /** Starts with these valves, the last of which answers what the others pass on. */
  public RunningTomcat start(Service last, Valve... valves) throws LifecycleException {
    for (Valve valve : valves) {
      context.getPipeline().addValve(valve);
    }
    context
        .getPipeline()
        .addValve(
            new ValveBase(true) {
              @Override
              public void invoke(Request request, Response response) throws IOException {
                last.serve(request, response);
              }
            });
    tomcat.start();
    return this;
  }

  /** Where it listens. */
  public int port() {
    return connector.getLocalPort();
  }

  /** Connections that the server holds now. */
  public int connections() {
    return endpoint.getConnections().size();
  }

  /** The context that the valves belong to. */
  public Context context() {
    return context;
  }

  @Override
  public void close() throws LifecycleException {
    tomcat.stop();
    tomcat.destroy();
  }
}
