package io.membrane.scheduler.kubernetes;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import io.membrane.scheduler.kubernetes.KubernetesProperties.Kind;
import io.membrane.scheduler.kubernetes.KubernetesProperties.Mode;
import io.membrane.scheduler.kubernetes.KubernetesProperties.Workload;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS as clusters have it: their own authority, and clients known by certificate. */
class ClusterConnectionTest {

  private static final char[] PASSWORD = "changeit".toCharArray();

  @TempDir Path directory;

  private final HttpsServer server = serve();

  private static HttpsServer serve() {
    try {
      return HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A server that lets nobody in without the certificate that is also its own. */
  @BeforeEach
  void start() throws IOException, GeneralSecurityException, InterruptedException {
    KeyStore keys = keyPair("server");
    KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    own.init(keys, PASSWORD);
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("client", keys.getCertificate("pair"));
    TrustManagerFactory clients =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    clients.init(trusted);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(own.getKeyManagers(), clients.getTrustManagers(), null);
    server.setHttpsConfigurator(
        new HttpsConfigurator(tls) {
          @Override
          public void configure(HttpsParameters parameters) {
            SSLParameters needed = tls.getDefaultSSLParameters();
            needed.setNeedClientAuth(true);
            parameters.setSSLParameters(needed);
          }
        });
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(403, -1);
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  void aKubeconfigsAuthorityAndClientCertificateAreUsed()
      throws IOException, GeneralSecurityException {
    KeyStore keys = stored("server");
    assertThat(reconciled(keys).message()).contains("forbids").contains("(403)");
  }

  @Test
  void anAuthorityThatDidNotSignTheServersCertificateIsNotTrusted()
      throws IOException, GeneralSecurityException, InterruptedException {
    assertThat(reconciled(keyPair("stranger")).message())
        .contains("cannot be reached at https://127.0.0.1:" + server.getAddress().getPort())
        .contains("PKIX");
  }

  private Reconciliation reconciled(KeyStore keys) throws IOException, GeneralSecurityException {
    Base64.Encoder base64 = Base64.getEncoder();
    String certificate =
        base64.encodeToString(pem("CERTIFICATE", keys.getCertificate("pair").getEncoded()));
    String key =
        base64.encodeToString(pem("PRIVATE KEY", keys.getKey("pair", PASSWORD).getEncoded()));
    Path kubeconfig =
        Files.writeString(
            directory.resolve("kubeconfig"),
            """
            current-context: test
            contexts:
            - name: test
              context: {cluster: test, user: scheduler}
            clusters:
            - name: test
              cluster: {server: "https://127.0.0.1:%d", certificate-authority-data: %s}
            users:
            - name: scheduler
              user: {client-certificate-data: %s, client-key-data: %s}
            """
                .formatted(server.getAddress().getPort(), certificate, certificate, key));
    return RoleScaler.of(
            new KubernetesProperties(
                Mode.DRY_RUN,
                "membrane",
                new Workload(Kind.DEPLOYMENT, "prefill"),
                new Workload(Kind.DEPLOYMENT, "decode"),
                1,
                null,
                Duration.ofSeconds(30),
                kubeconfig))
        .reconcile(new RoleCounts(4, 4));
  }

  private static byte[] pem(String type, byte[] der) {
    return ("-----BEGIN "
            + type
            + "-----\n"
            + Base64.getMimeEncoder().encodeToString(der)
            + "\n-----END "
            + type
            + "-----\n")
        .getBytes(US_ASCII);
  }

  /** A self-signed pair for 127.0.0.1, made by the JDK's keytool. */
  private KeyStore keyPair(String name)
      throws IOException, GeneralSecurityException, InterruptedException {
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "pair",
                "-keyalg",
                "EC",
                "-dname",
                "CN=" + name,
                "-ext",
                "SAN=ip:127.0.0.1",
                "-storetype",
                "PKCS12",
                "-keystore",
                directory.resolve(name).toString(),
                "-storepass",
                new String(PASSWORD))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(keytool.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(keytool.exitValue()).isZero();
    return stored(name);
  }

  private KeyStore stored(String name) throws IOException, GeneralSecurityException {
    return KeyStore.getInstance(directory.resolve(name).toFile(), PASSWORD);
  }
}
