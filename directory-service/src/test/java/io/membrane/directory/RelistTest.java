package io.membrane.directory;

import static io.membrane.directory.Service.LOCATE;
import static io.membrane.directory.location.Entries.ATTENTION;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.directory.feed.LogTail;
import io.membrane.directory.location.Entries;
import io.membrane.directory.relist.Relister;
import io.membrane.directory.relist.Relister.Outcome;
import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fixture.RedisConnections;
import io.membrane.fixture.RedisProcess;
import io.membrane.rpc.PeerTls;
import io.membrane.rpc.WireJson;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.LocateRequest;
import io.membrane.wire.DirectoryClient.LocateResponse;
import io.membrane.wire.ListingLine;
import io.membrane.wire.LogEntry;
import io.membrane.wire.MembershipClient.Node;
import io.membrane.wire.MembershipClient.NodeState;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;
import tools.jackson.databind.JsonNode;

/** Directories that start on a log without its beginning, and a node that lists the store. */
class RelistTest {

  private static final int BLOCKS = 400;
  private static final String DOMAIN = "tenant:default";
  private static final List<BlockHash> CHAIN = Entries.chain(BLOCKS);
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final RedisProcess redis = RedisProcess.embedded();
  private final LettuceConnectionFactory connections = RedisConnections.to(redis.port());
  private final StringRedisTemplate raw = new StringRedisTemplate(connections);
  private final List<AutoCloseable> open = new ArrayList<>();
  private volatile Supplier<List<String>> listing = () -> listing(BLOCKS);
  private final ListedStore store = new ListedStore(() -> listing.get());
  private final FaultProxy link = new FaultProxy(store.port());

  @BeforeEach
  void aLogThatLostItsBeginning() {
    try (Service first = service()) {
      first.awaitReady();
      for (int block = 0; block < BLOCKS; block++) {
        append(stored(block));
      }
      await(() -> assertThat(known(first)).hasSize(BLOCKS));
    }
    var _ = raw.opsForStream().trim(LogEntry.STREAM, 1);
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable one : open) {
      one.close();
    }
    link.close();
    store.close();
    connections.destroy();
    redis.close();
  }

  @Test
  void everyReplicaListsTheStoreAnewAndNothingIsDoubtedThen() {
    Service one = started();
    Service other = started();
    assertThat(health(one)).contains("\"doubtful\":true", "\"store_doubtful\":true");
    assertThat(one.get("/actuator/health/readiness").statusCode()).isEqualTo(200);
    await(() -> assertThat(count(one, Outcome.NO_NODE)).isPositive());
    assertThat(health(one)).contains("no fragment node is registered and live");

    register(one, "a", "c1", link.url());
    for (Service service : List.of(one, other)) {
      awaitMended(service);
      assertThat(count(service, Outcome.COMPLETE)).isEqualTo(1);
      assertThat(health(service))
          .contains("\"doubtful\":false", "\"store_doubtful\":false")
          .doesNotContain("relist_problem");
      assertThat(service.get("/actuator/prometheus").body())
          .contains("membrane_directory_relists_total{outcome=\"complete\"} 1.0")
          .contains("membrane_directory_doubtful 0.0");
    }
    append(Entries.removed(CHAIN.get(3), ATTENTION, "redis"));
    await(() -> assertThat(known(other)).hasSize(BLOCKS - 1));
  }

  @Test
  void aListingThatFailsAnyhowIsTriedAgainAndNothingOfItHoldsUntilThen() {
    Service service = started();
    for (Fault fault :
        List.of(
            new Fault.Refuse(),
            new Fault.Silence(),
            new Fault.CutRequestAfter(20),
            new Fault.CutAfter(100),
            new Fault.CutAfter(60_000),
            new Fault.Stall(30_000))) {
      link.inject(fault);
      fails(service);
    }
    try (Relister relister = relister(service)) {
      relister.start();
      await(() -> assertThat(relister.count(Outcome.FAILED)).isGreaterThan(1));
      link.heal();
      awaitMended(service);
    }
  }

  @Test
  void aListingThatIsNotWholeIsNotBelieved() {
    Service service = started();
    List<String> whole = listing(BLOCKS);
    String first = whole.getFirst();
    String last = whole.getLast();
    List<String> some = whole.subList(1, 20);
    for (List<String> lines :
        List.of(
            List.<String>of(),
            List.of(last),
            List.of(first),
            joined(first, some),
            joined(first, some, ListedStore.text(ListingLine.complete(20))),
            joined(first, some, "{\"type\":\"complete\"}"),
            joined(first, some, "{\"type\":\"stored\"}", last),
            joined(first, some, "{\"type\":\"something\"}", last),
            joined(first, some, "{}", last),
            joined(first, some, "null", last),
            joined(first, some, "no JSON", last),
            joined(first, List.of(first), last),
            joined(last, whole),
            joined(first, List.of("x".repeat(70_000))))) {
      listing = () -> lines;
      fails(service);
    }
    listing = () -> listing(BLOCKS);
    mends(service);
  }

  @Test
  void aStoreOfAnotherLogOrClusterIsNotListened() {
    Service service = started();
    listing = () -> joined(begin("another life", "c1"), listing(BLOCKS).subList(1, BLOCKS + 2));
    assertThat(fails(service)).contains("writes to another log");
    listing = () -> joined(begin(life(), "c2"), listing(BLOCKS).subList(1, BLOCKS + 2));
    assertThat(fails(service)).contains("of cluster c2, not c1");
    listing = () -> joined("{\"type\":\"begin\"}", listing(BLOCKS).subList(1, BLOCKS + 2));
    fails(service);
    listing = () -> listing(BLOCKS);
    mends(service);
  }

  @Test
  void aNodeOfAnotherRoleIsNotAsked() {
    Service service = started();
    put(service, "gpu", "engine", "c1", link.url());
    long before = count(service, Outcome.NO_NODE);
    await(() -> assertThat(count(service, Outcome.NO_NODE)).isGreaterThan(before));
    assertThat(store.asked()).isZero();
  }

  @Test
  void whoFollowsTheFeedIsToldAnew() {
    Service service = started();
    try (FeedLines feed = new FeedLines(service.url(), "default", null, null)) {
      assertThat(stored(feed.until("complete"))).isEqualTo(1);
      register(service, "a", "c1", link.url());
      assertThat(feed.until("reset")).isNotEmpty();
      assertThat(stored(feed.until("complete"))).isEqualTo(BLOCKS);
    }
  }

  @Test
  void whoFollowedTheFeedBeforeAndComesBackIsToldAnew() {
    Service service = started();
    String cursor;
    try (FeedLines feed = new FeedLines(service.url(), "default", null, null)) {
      cursor = feed.until("complete").getLast().get("cursor").asString();
    }
    try (FeedLines feed = new FeedLines(service.url(), "default", null, cursor)) {
      assertThat(feed.until("at")).noneMatch(line -> line.get("type").asString().equals("reset"));
    }
    register(service, "a", "c1", link.url());
    awaitMended(service);
    try (FeedLines feed = new FeedLines(service.url(), "default", null, cursor)) {
      assertThat(feed.until("reset")).isNotEmpty();
      assertThat(stored(feed.until("complete"))).isEqualTo(BLOCKS);
    }
  }

  private static long stored(List<JsonNode> lines) {
    return lines.stream().filter(line -> line.get("type").asString().equals("stored")).count();
  }

  /** A listing fails and leaves no trace; why. */
  private String fails(Service service) {
    try (Relister relister = relister(service)) {
      relister.start();
      await(() -> assertThat(relister.count(Outcome.FAILED)).isPositive());
      await(() -> assertThat(known(service)).hasSize(1));
      assertThat(relister.count(Outcome.COMPLETE)).isZero();
      assertThat(health(service)).contains("\"store_doubtful\":true");
      return Objects.requireNonNull(relister.problem());
    }
  }

  private void mends(Service service) {
    try (Relister relister = relister(service)) {
      relister.start();
      awaitMended(service);
    }
  }

  /** One beside the service's own, which knows of no node. */
  private Relister relister(Service service) {
    Node node = new Node("a", "fragment", "c1", link.url() + "/", 1, null, 60_000, NodeState.LIVE);
    return new Relister(
        service.bean(LogTail.class),
        () -> List.of(node),
        PeerTls.ofJdk(),
        Duration.ofSeconds(1),
        new Random(3));
  }

  private static void awaitMended(Service service) {
    await(() -> {
      assertThat(health(service)).contains("\"store_doubtful\":false");
      assertThat(known(service)).isEqualTo(CHAIN);
    });
  }

  private Service started() {
    Service service = service();
    open.add(service);
    service.awaitReady();
    assertThat(known(service)).hasSize(1);
    return service;
  }

  private Service service() {
    return new Service(
        redis.port(),
        "management.endpoint.health.show-details=always",
        "management.endpoints.web.exposure.include=health,prometheus");
  }

  private static long count(Service service, Outcome outcome) {
    return service.bean(Relister.class).count(outcome);
  }

  private static String health(Service service) {
    return service.get("/actuator/health").body();
  }

  /** Blocks of the chain that the directory names a place of. */
  private static List<BlockHash> known(Service service) {
    String body = WireJson.mapper().writeValueAsString(new LocateRequest(CHAIN));
    return WireJson.mapper()
        .readValue(Service.ok(service.post(LOCATE, body)).toString(), LocateResponse.class)
        .blocks()
        .stream()
        .filter(block -> !block.places().isEmpty())
        .map(block -> block.blockHash())
        .toList();
  }

  private static void register(Service service, String id, String cluster, URI url) {
    put(service, id, "fragment", cluster, url);
  }

  private static void put(Service service, String id, String role, String cluster, URI url) {
    Service.ok(
        service.send(
            HttpRequest.newBuilder(service.uri("/v1/nodes/" + id))
                .header("Content-Type", "application/json")
                .PUT(
                    BodyPublishers.ofString(
                        """
                        {"role": "%s", "cluster": "%s", "url": "%s",
                         "capacity_bytes": 64, "lease_ms": 600000}
                        """
                            .formatted(role, cluster, url)))));
  }

  private List<String> listing(int blocks) {
    return joined(
        begin(life(), "c1"),
        IntStream.range(0, blocks)
            .mapToObj(block -> ListedStore.text(ListingLine.stored(DOMAIN, stored(block))))
            .toList(),
        ListedStore.text(ListingLine.complete(blocks)));
  }

  private static String begin(String life, String cluster) {
    return ListedStore.text(ListingLine.begin(life, "redis", cluster));
  }

  private String life() {
    return Objects.requireNonNull(
        raw.<String, String>opsForHash().get("{membrane}:log:life", "id"));
  }

  private static List<String> joined(String first, List<String> some, String... more) {
    List<String> lines = new ArrayList<>();
    lines.add(first);
    lines.addAll(some);
    lines.addAll(List.of(more));
    return lines;
  }

  private static Event stored(int block) {
    return Entries.stored(CHAIN, block, ATTENTION, "redis");
  }

  private void append(Event event) {
    String json =
        WireJson.mapper()
            .writeValueAsString(new LogEntry("redis", "c1", DOMAIN, null, null, event));
    var _ = raw.opsForStream().add(LogEntry.STREAM, Map.of(LogEntry.FIELD, json));
  }

  private static void await(ThrowingRunnable assertion) {
    Awaitility.await().atMost(LIMIT).untilAsserted(assertion);
  }
}
