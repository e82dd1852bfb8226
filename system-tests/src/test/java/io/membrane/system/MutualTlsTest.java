package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.cli.fleet.Member;
import io.membrane.fixture.CertificateAuthority;
import io.membrane.fixture.CertificateAuthority.Identity;
import io.membrane.system.Http.Answer;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLSession;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole fleet of which nothing speaks without TLS, with certificates that the test makes. */
class MutualTlsTest {

  private static final List<Member> INNER =
      Member.services().stream().filter(member -> member != Member.GATEWAY).toList();

  @TempDir private static Path folder;
  private static MutualTlsFleet fleet;
  private static Identity operator;

  @BeforeAll
  static void start() {
    fleet = new MutualTlsFleet(folder);
    operator = fleet.authority().issue(folder.resolve("operator"), "operator.fleet");
  }

  @AfterAll
  static void stop() {
    if (fleet != null) {
      fleet.close();
    }
  }

  @Test
  void promptsAreAnsweredColdAndWarmAndWhatIsKnownIsRead() {
    Http http = http(Member.GATEWAY);
    ContextResponse cold = context(http, 1);
    assertThat(cold.coverage().reusedTokens()).isZero();
    assertThat(cold.coverage().prefilledTokens()).isEqualTo(300);
    ContextResponse warm = context(http, 1);
    assertThat(warm.coverage().reusedTokens()).isEqualTo(256);
    Answer nodes = http.get("/v1/nodes");
    assertThat(nodes.status()).as(nodes.text()).isEqualTo(200);
    assertThat(nodes.text()).contains("https://127.0.0.1:").doesNotContain("http://");
  }

  @Test
  void whoHasTheWrongCertificateOrNoneIsRefused() throws Exception {
    CertificateAuthority another = new CertificateAuthority("another");
    Identity stranger = another.issue(folder.resolve("stranger"), "gateway.fleet");
    Identity elsewhere = fleet.authority().issue(folder.resolve("elsewhere"), "gateway.elsewhere");
    for (Member member : INNER) {
      double before = fleet.metric(member, "membrane_tls_refused_total");
      assertThatThrownBy(() ->
              new Http(fleet.url(member), stranger.contextThatTrusts(operator)).get("/v1/nodes"))
          .isInstanceOf(UncheckedIOException.class);
      assertThatThrownBy(() -> new Http(fleet.url(member)).get("/v1/nodes"))
          .isInstanceOf(UncheckedIOException.class);
      Answer other = new Http(fleet.url(member), elsewhere.context()).get("/v1/nodes");
      AttackTable.holds("wrong certificate", other.status() + " " + other.problem(403).code());
      Awaitility.await()
          .until(() -> fleet.metric(member, "membrane_tls_refused_total") >= before + 2);
    }
    assertThat(http(Member.DIRECTORY).get("/v1/nodes").problem(403).detail())
        .contains("membrane.server.member-names");
  }

  @Test
  void newFilesAreInUseSoonAndNoPromptIsLost() throws Exception {
    AtomicBoolean isOver = new AtomicBoolean();
    try (ExecutorService caller = Executors.newSingleThreadExecutor()) {
      Future<Integer> answered =
          caller.submit(() -> {
            int count = 0;
            while (!isOver.get()) {
              context(http(Member.GATEWAY), 100 + count++);
            }
            return count;
          });
      try {
        for (Member member : Member.services()) {
          Identity next = fleet.issue(member);
          Awaitility.await()
              .atMost(Duration.ofSeconds(60))
              .until(() -> serial(member).equals(next.serial().toString()));
        }
        Awaitility.await()
            .until(() ->
                Member.services().stream()
                    .allMatch(member -> fleet.metric(member, "membrane_tls_reloads_total") > 0));
      } finally {
        isOver.set(true);
      }
      assertThat(answered.get()).isPositive();
    }
    assertThat(context(http(Member.GATEWAY), 99).totalTokens()).isEqualTo(300);
  }

  private static Http http(Member member) {
    return new Http(fleet.url(member), operator.context());
  }

  private static ContextResponse context(Http http, int seed) {
    return http.post("/v1/contexts", Map.of("tokens", prompt(seed))).as(ContextResponse.class);
  }

  private static long[] prompt(int seed) {
    return new Random(seed).longs(300, 0, TestFleet.VOCABULARY).toArray();
  }

  private static String serial(Member member) throws Exception {
    SSLSession session = http(member).get("/").response().sslSession().orElseThrow();
    return ((X509Certificate) session.getPeerCertificates()[0]).getSerialNumber().toString();
  }
}
