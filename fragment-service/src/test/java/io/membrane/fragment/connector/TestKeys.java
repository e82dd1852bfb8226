package io.membrane.fragment.connector;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A key made for one test, by the JDK's own tool.
 *
 * @param file PKCS#12
 */
public record TestKeys(Path file) {

  /** Of the file and of the key. */
  public static final String PASSWORD = "for-a-test";

  /** Makes one. */
  public static TestKeys in(Path folder) throws IOException, InterruptedException {
    Path file = folder.resolve("keys.p12");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
            "-genkeypair",
            "-keystore",
            file.toString(),
            "-storetype",
            "PKCS12",
            "-storepass",
            PASSWORD,
            "-keyalg",
            "RSA",
            "-dname",
            "CN=localhost");
    Process tool = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(tool.getInputStream().readAllBytes(), UTF_8);
    if (tool.waitFor() != 0) {
      throw new IOException(said);
    }
    return new TestKeys(file);
  }

  /** A connection to the loopback that trusts this key alone. */
  public Socket connect(int port) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(in, PASSWORD.toCharArray());
      TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port);
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }
}
