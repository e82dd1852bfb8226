package io.membrane.system;

import io.membrane.cli.machine.Port;
import io.membrane.fixture.SelfSigned;
import io.membrane.system.InstalledProgram.Run;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.awaitility.Awaitility;

/** nginx with {@code deploy/nginx/membrane.conf}, before a gateway. */
final class NginxProcess implements AutoCloseable {

  private static final Duration READ_LIMIT = Duration.ofMinutes(2);

  private final int port = Port.free(1).getFirst();
  private final SelfSigned certificate = SelfSigned.make();
  private final Process process;

  /**
   * @param folder for its configuration and temporary files
   * @param gateway where the gateway is
   * @param management where its health is
   * @param changes texts of the configuration by what stands in their place in this test
   */
  NginxProcess(Path folder, URI gateway, URI management, Map<String, String> changes) {
    String nginx = InstalledProgram.named("nginx").toString();
    Path main = write(folder, gateway, management, changes);
    List<String> arguments = List.of("-e", folder + "/error.log", "-c", main.toString());
    List<String> test = new ArrayList<>(List.of(nginx, "-t", "-q"));
    test.addAll(arguments);
    Run tested = Run.of(test);
    if (tested.status() != 0 || !tested.output().isBlank()) {
      throw new AssertionError("nginx refuses the configuration: " + tested.output());
    }
    List<String> run = new ArrayList<>(List.of(nginx));
    run.addAll(arguments);
    try {
      process = new ProcessBuilder(run).inheritIO().start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptions()
        .until(() -> ask("GET /actuator HTTP/1.1").startsWith("HTTP/1.1 404"));
  }

  private Path write(Path folder, URI gateway, URI management, Map<String, String> changes) {
    try {
      Path shipped =
          Path.of(System.getProperty("membrane.root"), "deploy", "nginx", "membrane.conf");
      String site = Files.readString(shipped);
      site = change(site, "127.0.0.1:8080", gateway.getAuthority());
      site = change(site, "127.0.0.1:8090", management.getAuthority());
      site = change(site, "listen 443 ssl", "listen 127.0.0.1:" + port + " ssl");
      site = change(site, "/etc/nginx/tls/membrane.crt", certificate.certificate().toString());
      site = change(site, "/etc/nginx/tls/membrane.key", certificate.key().toString());
      site = change(site, "/var/log/nginx", folder.toString());
      for (Map.Entry<String, String> entry : changes.entrySet()) {
        site = change(site, entry.getKey(), entry.getValue());
      }
      Files.writeString(folder.resolve("membrane.conf"), site);
      return Files.writeString(folder.resolve("nginx.conf"), main(folder));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String change(String text, String from, String to) {
    if (!text.contains(from)) {
      throw new AssertionError("membrane.conf does not say " + from);
    }
    return text.replace(from, to);
  }

  private static String main(Path folder) {
    String user = System.getProperty("user.name");
    return """
    %s
    daemon off;
    worker_processes 1;
    pid %s/nginx.pid;
    events { worker_connections 512; }
    http {
      client_body_temp_path %2$s/body;
      proxy_temp_path %2$s/proxy;
      fastcgi_temp_path %2$s/fastcgi;
      uwsgi_temp_path %2$s/uwsgi;
      scgi_temp_path %2$s/scgi;
      include %2$s/membrane.conf;
    }
    """
        .formatted(user.equals("root") ? "user root;" : "", folder);
  }

  URI url() {
    return URI.create("https://127.0.0.1:" + port);
  }

  /** What trusts its certificate. */
  SSLContext trust() {
    try (InputStream in = Files.newInputStream(certificate.certificate())) {
      KeyStore known = KeyStore.getInstance(KeyStore.getDefaultType());
      known.load(null);
      known.setCertificateEntry(
          "nginx", CertificateFactory.getInstance("X.509").generateCertificate(in));
      TrustManagerFactory managers =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      managers.init(known);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, managers.getTrustManagers(), null);
      return context;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Sends the lines of a request, and perhaps the beginning of its body, byte for byte.
   *
   * @return all that comes back until the connection is closed
   */
  String ask(String lines) {
    try (SSLSocket socket =
        (SSLSocket)
            trust().getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout((int) READ_LIMIT.toMillis());
      OutputStream out = socket.getOutputStream();
      String[] parts = lines.split("\n\n", 2);
      String head = parts[0].replace("\n", "\r\n") + "\r\nHost: membrane\r\nConnection: close";
      String body = parts.length > 1 ? parts[1] : "";
      out.write((head + "\r\n\r\n" + body).getBytes(StandardCharsets.US_ASCII));
      out.flush();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.destroy();
    process.onExit().join();
  }
}
