package io.membrane.directory;

import static io.membrane.directory.RegionDirectories.await;
import static io.membrane.directory.RegionDirectories.match;
import static io.membrane.directory.Service.EVENTS;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.directory.gossip.GossipDiscovery;
import io.membrane.directory.location.Entries;
import io.membrane.directory.region.RegionFollower;
import io.membrane.directory.region.Regions;
import io.membrane.fixture.CertificateAuthority;
import io.membrane.fixture.CertificateAuthority.Identity;
import io.membrane.fixture.LoopbackPorts;
import io.membrane.fixture.RedisProcess;
import io.membrane.rpc.PeerTls;
import io.membrane.rpc.WireJson;
import io.membrane.wire.DirectoryClient.EventBatch;
import io.membrane.wire.MatchResponse.Match;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A directory that follows another region's over mutual TLS. Both know the key, and one authority
 * has signed for both.
 */
class PeerNamesTest {

  private static final String NOT_FOR_THE_NAME = "its certificate is not for that name";

  private final CertificateAuthority authority = new CertificateAuthority("fleet");
  private final Deque<AutoCloseable> running = new ArrayDeque<>();
  private final Path folder;
  private final Identity own;

  PeerNamesTest(@TempDir Path folder) {
    this.folder = folder;
    this.own = authority.issue(folder.resolve("a"), "a.fleet");
  }

  @AfterEach
  void stop() throws Exception {
    while (!running.isEmpty()) {
      running.pop().close();
    }
  }

  @Test
  void aPeerWithACertificateForItsHostIsFollowed() throws Exception {
    Service b = directoryOfB(authority.issue(folder.resolve("b"), "b.fleet"), List.of());
    store(b);
    Service a = directoryOfA("membrane.directory.peers.b=" + https(b, "127.0.0.1"));
    await(() -> assertThat(match(a).matches()).extracting(Match::node).containsExactly("of-b"));
  }

  @Test
  void aPeerWithACertificateForAnotherNameIsNotFollowed() throws Exception {
    Identity forAnother = authority.issueWithoutAddress(folder.resolve("b"), "b.fleet");
    Service b = directoryOfB(forAnother, List.of());
    Service a = directoryOfA("membrane.directory.peers.b=" + https(b, "127.0.0.1"));
    await(() -> assertThat(follower(a).problem()).contains(NOT_FOR_THE_NAME));
    assertThat(follower(a).taken()).isZero();
    assertThat(a.bean(PeerTls.class).failures()).isPositive();
  }

  @Test
  void norIsOneThatTheGossipNamesAtAHostForWhichItHasNoCertificate() throws Exception {
    int port = LoopbackPorts.free();
    Service b =
        directoryOfB(
            authority.issue(folder.resolve("b"), "b.fleet"),
            gossip("https://localhost:" + port),
            "server.port=" + port);
    String seed = Objects.requireNonNull(b.bean(GossipDiscovery.class).address(), "it runs");
    Service a =
        directoryOfA(
            Stream.concat(
                    gossip("https://127.0.0.1:1").stream(),
                    Stream.of("membrane.directory.gossip.seeds=" + seed))
                .toArray(String[]::new));
    await(() -> assertThat(follower(a).problem()).contains(NOT_FOR_THE_NAME));
    assertThat(follower(a).taken()).isZero();
    assertThat(a.bean(PeerTls.class).failures()).isPositive();
  }

  private static RegionFollower follower(Service service) {
    return service.bean(Regions.class).followers().getFirst();
  }

  private static List<String> gossip(String url) {
    return List.of(
        "membrane.directory.gossip.port=0",
        "membrane.directory.gossip.host=127.0.0.1",
        "membrane.directory.gossip.url=" + url,
        "membrane.directory.gossip.every=1s");
  }

  /** Where it is called over TLS. */
  private static String https(Service service, String host) {
    return "https://" + host + ":" + service.url().getPort();
  }

  private Service directoryOfB(Identity identity, List<String> more, String... most) {
    return start(
        "b",
        identity,
        Stream.of(identity.serverProperties(), more, List.of(most))
            .flatMap(List::stream)
            .toArray(String[]::new));
  }

  private Service directoryOfA(String... more) {
    return start("a", own, more);
  }

  private Service start(String region, Identity identity, String... more) {
    RedisProcess redis = RedisProcess.embedded();
    running.push(redis);
    Service service =
        RegionDirectories.start(
            redis,
            region,
            Stream.concat(
                    Stream.concat(
                        identity.properties().stream(),
                        Stream.of("membrane.client.ssl-bundle=membrane")),
                    Stream.of(more))
                .toArray(String[]::new));
    running.push(service);
    return service;
  }

  private void store(Service b) throws IOException, InterruptedException {
    EventBatch batch =
        new EventBatch(
            "of-b",
            "c1",
            1L,
            0L,
            List.of(Entries.stored(Entries.chain(12), 0, Entries.ATTENTION, "memory")));
    try (HttpClient http = HttpClient.newBuilder().sslContext(own.context()).build()) {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(https(b, "127.0.0.1") + EVENTS))
              .header("Content-Type", "application/json")
              .POST(BodyPublishers.ofByteArray(WireJson.mapper().writeValueAsBytes(batch)))
              .build();
      assertThat(http.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(200);
    }
  }
}
