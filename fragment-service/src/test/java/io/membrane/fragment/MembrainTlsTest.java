package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.boot.StartupProblem;
import io.membrane.fixture.CertificateAuthority;
import io.membrane.fixture.CertificateAuthority.Identity;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.ServiceUnderTest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Membrain protocol's own port with TLS, and without it beside a service that has it. */
class MembrainTlsTest {

  private final CertificateAuthority authority = new CertificateAuthority("fleet");
  private final RedisProcess redis = RedisProcess.embedded();
  @TempDir private Path folder;

  @AfterEach
  void stop() {
    redis.close();
  }

  @Test
  void theProtocolIsSpokenOverTlsAndNewFilesAreUsedSoon() throws Exception {
    Identity identity = authority.issue(folder.resolve("service"), "fragment.fleet");
    List<String> properties = properties(identity);
    properties.add("membrane.fragment.membrain.ssl-bundle=membrane");
    try (ServiceUnderTest service = start(properties)) {
      byte[] large = new byte[300_000];
      Arrays.fill(large, (byte) 7);
      URI url = URI.create("https://127.0.0.1:" + port(service) + "/memory/kv/a");
      try (HttpClient http = client(identity)) {
        HttpRequest put =
            HttpRequest.newBuilder(url).PUT(BodyPublishers.ofByteArray(large)).build();
        assertThat(http.send(put, BodyHandlers.discarding()).statusCode()).isBetween(200, 299);
        assertThat(get(http, url).body()).isEqualTo(large);
      }
      assertThat(service.get("/v1/fragments/none").statusCode()).isEqualTo(404);
      Identity next = authority.issue(folder.resolve("service"), "fragment.fleet");
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> serial(url, identity).equals(next.serial().toString()));
    }
  }

  @Test
  void aPlainPortAsksForNoCertificateBesideAServiceThatDoes() throws Exception {
    Identity identity = authority.issue(folder.resolve("service"), "fragment.fleet");
    List<String> properties = properties(identity);
    properties.addAll(identity.serverProperties());
    properties.add("membrane.server.allowed-names=gateway.fleet");
    try (ServiceUnderTest service = start(properties);
        HttpClient http = client(identity);
        HttpClient gateway = client(authority.issue(folder.resolve("gateway"), "gateway.fleet"))) {
      URI plain = URI.create("http://127.0.0.1:" + port(service) + "/memory/kv/a");
      assertThat(get(http, plain).statusCode()).isEqualTo(404);
      URI own = URI.create("https://127.0.0.1:" + service.url().getPort() + "/memory/kv/a");
      assertThat(get(http, own).statusCode()).isEqualTo(403);
      assertThat(get(gateway, own).statusCode()).isEqualTo(404);
    }
  }

  @Test
  void aBundleThatIsNotThereStopsTheStart() {
    List<String> properties = new ArrayList<>();
    properties.add("membrane.fragment.membrain.ssl-bundle=none");
    assertThatThrownBy(() -> start(properties).close())
        .rootCause()
        .isInstanceOf(StartupProblem.class)
        .hasMessageContaining("membrane.fragment.membrain.ssl-bundle");
  }

  private List<String> properties(Identity identity) {
    List<String> properties = new ArrayList<>(identity.properties());
    properties.add("spring.data.redis.url=" + redis.url());
    return properties;
  }

  private static ServiceUnderTest start(List<String> properties) {
    return new ServiceUnderTest(FragmentApplication.class, properties.toArray(String[]::new));
  }

  private static int port(ServiceUnderTest service) {
    return service.bean(MembrainConnector.class).localPort();
  }

  private static HttpClient client(Identity identity) {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .sslContext(identity.context())
        .build();
  }

  private static HttpResponse<byte[]> get(HttpClient http, URI url)
      throws IOException, InterruptedException {
    return http.send(HttpRequest.newBuilder(url).build(), BodyHandlers.ofByteArray());
  }

  private static String serial(URI url, Identity caller) throws Exception {
    try (HttpClient http = client(caller)) {
      X509Certificate shown =
          (X509Certificate) get(http, url).sslSession().orElseThrow().getPeerCertificates()[0];
      return shown.getSerialNumber().toString();
    }
  }
}
