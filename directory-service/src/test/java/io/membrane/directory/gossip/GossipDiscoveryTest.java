package io.membrane.directory.gossip;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.boot.StartupProblem;
import io.membrane.fixture.CertificateAuthority;
import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fixture.LoopbackPorts;
import io.membrane.rpc.PeerTls;
import io.scalecube.cluster.Cluster;
import io.scalecube.cluster.ClusterConfig;
import io.scalecube.cluster.ClusterImpl;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Members of a gossip on loopback. */
class GossipDiscoveryTest {

  private static final String KEY = "what all directories know";

  @TempDir private Path folder;
  private final List<GossipDiscovery> members = new ArrayList<>();
  private final GossipDiscovery seed = member("a", KEY, null);

  @AfterEach
  void stop() {
    members.forEach(GossipDiscovery::stop);
  }

  @Test
  void membersOfThreeRegionsFindEachOtherByOneSeedAndReplicasAreNoPeers() {
    GossipDiscovery b = member("b", KEY, seed);
    GossipDiscovery otherB = member("b", KEY, seed);
    GossipDiscovery c = member("c", KEY, seed);
    await(() -> {
      assertThat(seed.peers()).containsOnlyKeys("b", "c");
      assertThat(seed.peers().get("b")).hasSize(2);
      assertThat(b.peers()).containsOnlyKeys("a", "c");
      assertThat(otherB.peers()).containsOnlyKeys("a", "c");
      assertThat(c.peers()).containsOnlyKeys("a", "b");
      assertThat(c.members()).isEqualTo(3);
    });
    assertThat(c.refused()).isZero();
  }

  @Test
  void whoLeavesIsNotNamedAndMayComeBack() {
    GossipDiscovery b = member("b", KEY, seed);
    await(() -> assertThat(seed.peers()).containsOnlyKeys("b"));
    b.stop();
    assertThat(b.address()).isNull();
    await(() -> assertThat(seed.peers()).isEmpty());
    b.start();
    await(() -> assertThat(seed.peers()).containsOnlyKeys("b"));
  }

  @Test
  void whoCannotBeReachedIsNotNamedUntilTheLinkIsBack() {
    int port = LoopbackPorts.free();
    try (FaultProxy link = new FaultProxy(port)) {
      GossipDiscovery b = start(properties("b", port, link.port(), seed), "b", KEY);
      await(() -> assertThat(seed.peers()).containsOnlyKeys("b"));
      assertThat(b.address()).isEqualTo("127.0.0.1:" + link.port());

      link.inject(new Fault.Refuse());

      await(() -> assertThat(seed.peers()).isEmpty());
      link.heal();
      await(() -> {
        assertThat(seed.peers()).containsOnlyKeys("b");
        assertThat(b.peers()).containsOnlyKeys("a");
      });
    }
  }

  @Test
  void aStrangerWithAnotherKeyIsNotNamedAndLearnsNothing() {
    GossipDiscovery b = member("b", KEY, seed);
    GossipDiscovery stranger = member("x", "what a stranger knows", seed);
    await(() -> {
      assertThat(seed.peers()).containsOnlyKeys("b");
      assertThat(seed.refused()).isPositive();
    });
    assertThat(stranger.peers()).isEmpty();
    assertThat(b.peers()).containsOnlyKeys("a");
  }

  @Test
  void bytesThatAreNoGossipAreIgnored() throws IOException {
    String address = Objects.requireNonNull(seed.address());
    int port = Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.getOutputStream().write(new byte[] {0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 1, 7});
      socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".repeat(100).getBytes(UTF_8));
      socket.getOutputStream().flush();
      await(() -> assertThat(seed.refused()).isPositive());
    }
    GossipDiscovery b = member("b", KEY, seed);
    await(() -> assertThat(seed.peers()).containsOnlyKeys("b"));
    await(() -> assertThat(b.peers()).containsOnlyKeys("a"));
  }

  @Test
  void membersThatSayWhatCannotBeMeantAreLeftOut() {
    List<String> said =
        List.of(
            "",
            "{",
            "null",
            "[]",
            "{\"region\":\"x\"}",
            "{\"url\":\"http://127.0.0.1:9\"}",
            "{\"region\":\"x\",\"url\":\"file:///etc/passwd\"}",
            "{\"region\":\"x\",\"url\":\"no url at all\"}",
            "{\"region\":\"x\",\"url\":\"http:///\"}");
    List<Cluster> odd = said.stream().map(one -> odd(one.getBytes(UTF_8))).toList();
    try {
      GossipDiscovery b = member("b", KEY, seed);
      await(() -> {
        assertThat(seed.unreadable()).isGreaterThanOrEqualTo(said.size());
        assertThat(seed.peers()).containsOnlyKeys("b");
        assertThat(b.peers()).containsOnlyKeys("a");
      });
    } finally {
      odd.forEach(Cluster::shutdown);
      odd.forEach(one -> one.onShutdown().block(Duration.ofSeconds(10)));
    }
  }

  @Test
  void seedsThatDoNotAnswerDelayNobodyForEver() throws IOException {
    try (Socket silent = new Socket()) {
      silent.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      String nobody = "127.0.0.1:" + silent.getLocalPort();
      GossipProperties properties =
          new GossipProperties(
              0,
              "127.0.0.1",
              List.of(nobody, Objects.requireNonNull(seed.address())),
              null,
              null,
              URI.create("http://b:1"),
              Duration.ofSeconds(1));
      GossipDiscovery b = start(properties, "b", KEY);
      await(() -> assertThat(b.peers()).isEqualTo(Map.of("a", List.of(URI.create("http://a:1")))));
    }
  }

  @Test
  void aPortThatIsTakenStopsTheStartAndSaysWhatToDo() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      GossipProperties properties = properties("b", taken.getLocalPort(), null, seed);
      assertThatThrownBy(() -> start(properties, "b", KEY))
          .isInstanceOf(StartupProblem.class)
          .hasMessageContaining("gossip cannot begin at port " + taken.getLocalPort());
    }
  }

  /** A member that knows the key and says something else. */
  private Cluster odd(byte[] says) {
    ClusterConfig config =
        ClusterConfig.defaultLocalConfig()
            .metadata(says)
            .metadataCodec(new SaidBytes())
            .membership(swim ->
                swim.namespace("membrane-directory")
                    .seedMembers(List.of(Objects.requireNonNull(seed.address()))))
            .transport(tcp ->
                tcp.messageCodec(new SealedMessages(KEY))
                    .transportFactory(c -> TcpEnds.transport(c, "127.0.0.1", PeerTls.ofJdk())));
    return new ClusterImpl(config).startAwait();
  }

  @Test
  void overTlsOnlyMembersWithCertificatesOfOneAuthorityFindEachOther() {
    CertificateAuthority fleet = new CertificateAuthority("fleet");
    GossipDiscovery a = member("a", null, fleet);
    GossipDiscovery b = member("b", a, fleet);
    GossipDiscovery plain = member("c", KEY, a);
    GossipDiscovery stranger = member("d", a, new CertificateAuthority("another"));
    await(() -> {
      assertThat(a.peers()).containsOnlyKeys("b");
      assertThat(b.peers()).containsOnlyKeys("a");
    });
    assertThat(plain.peers()).isEmpty();
    assertThat(stranger.peers()).isEmpty();
  }

  private GossipDiscovery member(
      String region, @Nullable GossipDiscovery by, CertificateAuthority authority) {
    PeerTls tls = PeerTls.required(authority.issue(folder.resolve(region), region).context());
    return start(new GossipDiscovery(properties(region, 0, null, by), region, KEY, tls));
  }

  private GossipDiscovery member(String region, String key, @Nullable GossipDiscovery by) {
    return start(properties(region, 0, null, by), region, key);
  }

  private GossipDiscovery start(GossipProperties properties, String region, String key) {
    return start(new GossipDiscovery(properties, region, key, PeerTls.ofJdk()));
  }

  private GossipDiscovery start(GossipDiscovery member) {
    members.add(member);
    member.start();
    return member;
  }

  private static GossipProperties properties(
      String region, int port, @Nullable Integer externalPort, @Nullable GossipDiscovery by) {
    return new GossipProperties(
        port,
        "127.0.0.1",
        by == null ? List.of() : List.of(Objects.requireNonNull(by.address())),
        null,
        externalPort,
        URI.create("http://" + region + ":1"),
        Duration.ofSeconds(1));
  }

  private static void await(ThrowingRunnable assertion) {
    Awaitility.await().atMost(Duration.ofSeconds(60)).untilAsserted(assertion);
  }
}
