package io.membrane.directory.gossip;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.CertificateAuthority;
import io.membrane.fixture.CertificateAuthority.Identity;
import io.membrane.rpc.PeerTls;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/**
 * Members of a gossip over TLS who all know the key and have certificates of one authority. They
 * listen at 127.0.0.1.
 */
@ExtendWith(OutputCaptureExtension.class)
class GossipNamesTest {

  private static final String KEY = "what all directories know";

  @TempDir private Path folder;
  private final CertificateAuthority authority = new CertificateAuthority("fleet");
  private final List<Member> members = new ArrayList<>();

  private record Member(GossipDiscovery gossip, PeerTls tls) {

    int port() {
      String address = Objects.requireNonNull(gossip.address(), "it runs");
      return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }

    String at(String host) {
      return host + ":" + port();
    }
  }

  @AfterEach
  void stop() {
    members.forEach(member -> member.gossip().stop());
  }

  @Test
  void aMemberWithACertificateForAnotherNameIsNotNamedAndLearnsNothing(CapturedOutput output) {
    Member a = member("a", forTheAddress("a"), null, null);
    Member b = member("b", forTheAddress("b"), null, a.at("127.0.0.1"));
    Member other = member("c", forNames("c", "c.fleet"), null, a.at("127.0.0.1"));
    await(() -> {
      assertThat(a.gossip().peers()).containsOnlyKeys("b");
      assertThat(b.gossip().peers()).containsOnlyKeys("a");
      assertThat(a.tls().failures()).isPositive();
    });
    assertThat(other.gossip().peers()).isEmpty();
    assertThat(output)
        .contains(
            "a member of the gossip at tls://%s cannot be called over TLS: its certificate is not for that name"
                .formatted(other.at("127.0.0.1")));
  }

  @Test
  void aMemberIsComparedWithTheHostAtWhichItSaysThatItIsReached() {
    Member a = member("a", forTheAddress("a"), null, null);
    member("b", forNames("b", "localhost"), "localhost", a.at("127.0.0.1"));
    Member other = member("c", forTheAddress("c"), "localhost", a.at("127.0.0.1"));
    await(() -> {
      assertThat(a.gossip().peers()).containsOnlyKeys("b");
      assertThat(a.tls().failures()).isPositive();
    });
    assertThat(other.gossip().peers()).isEmpty();
  }

  @Test
  void aSeedIsComparedWithTheHostThatTheOperatorNamed() {
    Member a = member("a", forTheAddress("a"), null, null);
    Member lost = member("b", forTheAddress("b"), null, a.at("localhost"));
    await(() -> assertThat(lost.tls().failures()).isPositive());
    assertThat(lost.gossip().peers()).isEmpty();
    assertThat(a.gossip().peers()).isEmpty();

    Member named = member("c", authority.issue(folder.resolve("c"), "localhost"), null, null);
    Member found = member("d", forTheAddress("d"), null, named.at("localhost"));
    await(() -> {
      assertThat(named.gossip().peers()).containsOnlyKeys("d");
      assertThat(found.gossip().peers()).containsOnlyKeys("c");
    });
  }

  private Identity forTheAddress(String region) {
    return authority.issue(folder.resolve(region), region + ".fleet");
  }

  private Identity forNames(String region, String name) {
    return authority.issueWithoutAddress(folder.resolve(region), name);
  }

  private Member member(
      String region, Identity identity, @Nullable String externalHost, @Nullable String seed) {
    GossipProperties properties =
        new GossipProperties(
            0,
            "127.0.0.1",
            seed == null ? List.of() : List.of(seed),
            externalHost,
            null,
            URI.create("https://" + region + ":1"),
            Duration.ofSeconds(1));
    PeerTls tls = PeerTls.required(identity.context());
    Member member = new Member(new GossipDiscovery(properties, region, KEY, tls), tls);
    members.add(member);
    member.gossip().start();
    return member;
  }

  private static void await(ThrowingRunnable assertion) {
    Awaitility.await().atMost(Duration.ofSeconds(60)).untilAsserted(assertion);
  }
}
