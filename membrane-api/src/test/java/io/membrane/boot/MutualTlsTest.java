package io.membrane.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.membrane.fixture.CertificateAuthority;
import io.membrane.fixture.CertificateAuthority.Identity;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.Idempotent;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.ServiceClients;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.service.annotation.GetExchange;

/** Two small services that call each other with certificates that the test makes. */
@Timeout(180)
class MutualTlsTest {

  private final CertificateAuthority authority = new CertificateAuthority("fleet");
  private final List<ConfigurableApplicationContext> open = new ArrayList<>();
  @TempDir private Path folder;

  public interface Caller {
    @Idempotent
    @GetExchange("/caller")
    String serial();
  }

  @SpringBootApplication
  @RestController
  static class SmallService {

    /** The serial of the certificate that the caller showed. */
    @GetMapping({"/caller", "/v1/nodes/caller"})
    String caller(HttpServletRequest request) {
      return request.getAttribute("jakarta.servlet.request.X509Certificate")
              instanceof X509Certificate[] chain
          ? chain[0].getSerialNumber().toString()
          : "none";
    }
  }

  @AfterEach
  void stop() {
    open.forEach(ConfigurableApplicationContext::close);
  }

  @Test
  void servicesShowEachOtherCertificatesOfOneAuthority() {
    Identity caller = authority.issue(folder.resolve("caller"), "caller.fleet");
    ConfigurableApplicationContext callee = callee("callee.fleet");
    assertThat(client(caller(caller), callee).serial()).isEqualTo(caller.serial().toString());
  }

  @Test
  void whatIsRefusedSaysWhyAndIsNotTriedAgain() {
    ConfigurableApplicationContext callee = callee("callee.fleet");
    CertificateAuthority another = new CertificateAuthority("another");
    Identity stranger = another.issue(folder.resolve("stranger"), "caller.fleet");
    ConfigurableApplicationContext byStranger = caller(stranger);
    MembraneException distrust = refused(byStranger, callee);
    assertThat(distrust.detail()).contains("no authority that this service trusts");
    assertThat(count(byStranger, "membrane.tls.failed")).isEqualTo(1);
    await().untilAsserted(() -> assertThat(count(callee, "membrane.tls.refused")).isEqualTo(1));

    Identity expired = authority.issueExpired(folder.resolve("expired"), "caller.fleet");
    ConfigurableApplicationContext late = caller(expired);
    assertThat(refused(late, callee).detail()).contains("refuses this service's certificate");
    assertThat(count(late, "membrane.tls.failed")).isEqualTo(1);
    await()
        .untilAsserted(() -> assertThat(count(callee, "membrane.tls.refused")).isBetween(2.0, 3.0));
  }

  @Test
  void whoShowsNoCertificateIsRefused() {
    ConfigurableApplicationContext callee = callee("callee.fleet");
    Identity trusting = authority.issue(folder.resolve("trusting"), "x");
    ConfigurableApplicationContext caller =
        start(
            "spring.ssl.bundle.pem.membrane.truststore.certificate=file:"
                + trusting.folder().resolve("ca.crt"),
            "membrane.client.ssl-bundle=membrane");
    refused(caller, callee);
    await().untilAsserted(() -> assertThat(count(callee, "membrane.tls.refused")).isPositive());
  }

  @Test
  void aCalleeWithoutTheNameOrWithoutTlsIsNotCalled() {
    Identity caller = authority.issue(folder.resolve("caller"), "caller.fleet");
    Identity nameless = authority.issueWithoutAddress(folder.resolve("nameless"), "callee.fleet");
    assertThat(refused(caller(caller), server(nameless)).detail()).contains("not for that name");
    assertThat(refused(caller(caller), start()).detail()).contains("does not speak TLS");
    Identity expired = authority.issueExpired(folder.resolve("expired"), "callee.fleet");
    assertThat(refused(caller(caller), server(expired)).detail()).contains("has expired");
  }

  @Test
  void replacedFilesAreUsedByNewConnectionsOfBothSidesAndNoCallIsLost() throws Exception {
    Path own = folder.resolve("caller");
    Path theirs = folder.resolve("callee");
    Identity first = authority.issue(own, "caller.fleet");
    ConfigurableApplicationContext callee = server(authority.issue(theirs, "callee.fleet"));
    Caller client = client(caller(first), callee);
    assertThat(client.serial()).isEqualTo(first.serial().toString());

    String second = authority.issue(own, "caller.fleet").serial().toString();
    await().atMost(Duration.ofSeconds(60)).until(() -> client.serial().equals(second));

    Identity renewed = authority.issue(theirs, "callee.fleet");
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> {
          assertThat(client.serial()).isEqualTo(second);
          return serialOf(callee, first).equals(renewed.serial().toString());
        });
  }

  @Test
  void aNewFileThatIsNoCertificateLeavesTheOldOneInUse() throws Exception {
    Identity identity = authority.issue(folder.resolve("caller"), "caller.fleet");
    ConfigurableApplicationContext callee = callee("callee.fleet");
    ConfigurableApplicationContext caller = caller(identity);
    Caller client = client(caller, callee);
    Files.writeString(identity.folder().resolve("tls.crt"), "nothing");
    Files.writeString(identity.folder().resolve("tls.key"), "nothing");
    Identity second = authority.issue(folder.resolve("later"), "caller.fleet");
    assertThat(client.serial()).isEqualTo(identity.serial().toString());
    for (String file : List.of("tls.key", "tls.crt")) {
      Files.copy(
          second.folder().resolve(file),
          identity.folder().resolve(file),
          StandardCopyOption.REPLACE_EXISTING);
    }
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> client.serial().equals(second.serial().toString()));
  }

  @ParameterizedTest
  @CsvSource({
    "worker.fleet, 200, 403",
    "directory.fleet, 200, 200",
    "DIRECTORY.fleet, 200, 200",
    "other.fleet.example, 403, 403",
    "spiffe://fleet/sa/worker, 200, 403",
    "spiffe://fleet/sa/worker/more, 403, 403",
  })
  void onlyAllowedNamesCall(String name, int any, int member) throws Exception {
    List<String> properties = serverProperties(authority.issue(folder.resolve("c"), "c.fleet"));
    properties.add("membrane.server.allowed-names=*.fleet,spiffe://fleet/sa/*");
    properties.add("membrane.server.member-names=directory.fleet");
    ConfigurableApplicationContext callee = start(properties.toArray(String[]::new));
    try (HttpClient http = http(authority.issue(folder.resolve("d"), name))) {
      HttpResponse<String> answer = get(http, callee, "/caller");
      assertThat(answer.statusCode()).isEqualTo(any);
      assertThat(answer.body()).contains(any == 200 ? "" : "membrane.server.allowed-names");
      assertThat(get(http, callee, "/v1/nodes/caller").statusCode()).isEqualTo(member);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "membrane.client.ssl-bundle=none | there is no such bundle",
        "membrane.server.allowed-names=a.fleet | server.ssl.client-auth=need",
        "membrane.server.allowed-names=* | which is no name",
      })
  void aConfigurationThatCannotBeMeantStopsTheStart(String property, String said) {
    assertThatThrownBy(() -> start(property))
        .rootCause()
        .isInstanceOfSatisfying(
            StartupProblem.class, e -> assertThat(e + e.action()).contains(said));
  }

  @Test
  void aPeerOverPlainHttpBesideABundleStopsTheStart() {
    Identity identity = authority.issue(folder.resolve("caller"), "caller.fleet");
    List<String> properties = new ArrayList<>(identity.properties());
    properties.add("membrane.client.ssl-bundle=membrane");
    properties.add("membrane.client.peers.directory-service=http://directory:8081");
    assertThatThrownBy(() -> start(properties.toArray(String[]::new)))
        .rootCause()
        .isInstanceOf(StartupProblem.class)
        .hasMessageContaining("membrane.client.peers.directory-service");
    ConfigurableApplicationContext caller = caller(identity);
    assertThatThrownBy(() ->
            caller
                .getBean(ServiceClients.class)
                .of(Caller.class, "found", URI.create("http://127.0.0.1:1")))
        .hasMessageContaining("https://");
  }

  private ConfigurableApplicationContext callee(String name) {
    return server(authority.issue(folder.resolve("callee"), name));
  }

  private ConfigurableApplicationContext server(Identity identity) {
    return start(serverProperties(identity).toArray(String[]::new));
  }

  private static List<String> serverProperties(Identity identity) {
    List<String> properties = new ArrayList<>(identity.properties());
    properties.addAll(identity.serverProperties());
    return properties;
  }

  private ConfigurableApplicationContext caller(Identity identity) {
    List<String> properties = new ArrayList<>(identity.properties());
    properties.add("membrane.client.ssl-bundle=membrane");
    return start(properties.toArray(String[]::new));
  }

  private ConfigurableApplicationContext start(String... properties) {
    List<String> arguments =
        new ArrayList<>(List.of("--server.port=0", "--server.address=127.0.0.1"));
    for (String property : properties) {
      arguments.add("--" + property);
    }
    ConfigurableApplicationContext context =
        SpringApplication.run(SmallService.class, arguments.toArray(String[]::new));
    open.add(context);
    return context;
  }

  private static URI url(ConfigurableApplicationContext service) {
    return URI.create(
        "https://127.0.0.1:" + service.getEnvironment().getRequiredProperty("local.server.port"));
  }

  private static Caller client(
      ConfigurableApplicationContext caller, ConfigurableApplicationContext callee) {
    return caller.getBean(ServiceClients.class).of(Caller.class, "callee", url(callee));
  }

  private static MembraneException refused(
      ConfigurableApplicationContext caller, ConfigurableApplicationContext callee) {
    MembraneException refusal =
        catchThrowableOfType(MembraneException.class, () -> client(caller, callee).serial());
    assertThat(refusal.code()).isEqualTo(ErrorCode.DEPENDENCY_UNAVAILABLE);
    return refusal;
  }

  private static double count(ConfigurableApplicationContext service, String meter) {
    MeterRegistry meters = service.getBean(MeterRegistry.class);
    return meters.getMeters().stream()
        .filter(each -> each.getId().getName().equals(meter))
        .mapToDouble(each -> each.measure().iterator().next().getValue())
        .sum();
  }

  private static HttpClient http(Identity identity) {
    return HttpClient.newBuilder().sslContext(identity.context()).build();
  }

  private static HttpResponse<String> get(
      HttpClient http, ConfigurableApplicationContext service, String path) throws Exception {
    return http.send(
        HttpRequest.newBuilder(url(service).resolve(path)).build(), BodyHandlers.ofString());
  }

  /** The serial that a service shows to a connection that is made now. */
  private static String serialOf(ConfigurableApplicationContext service, Identity caller)
      throws Exception {
    try (HttpClient http = http(caller)) {
      X509Certificate shown =
          (X509Certificate)
              get(http, service, "/caller").sslSession().orElseThrow().getPeerCertificates()[0];
      return shown.getSerialNumber().toString();
    }
  }
}
