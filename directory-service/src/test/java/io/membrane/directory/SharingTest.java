package io.membrane.directory;

import static io.membrane.directory.Service.EVENTS;
import static io.membrane.directory.Service.LOCATE;
import static io.membrane.directory.Service.MATCH;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.directory.feed.LogTail;
import io.membrane.directory.location.Entries;
import io.membrane.directory.location.Image;
import io.membrane.fixture.RedisConnections;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.fixture.TestClock;
import io.membrane.rpc.WireJson;
import io.membrane.tenancy.Policies;
import io.membrane.tenancy.Policy;
import io.membrane.tenancy.Sharing;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventBatch;
import io.membrane.wire.DirectoryClient.EventsAccepted;
import io.membrane.wire.DirectoryClient.LocateRequest;
import io.membrane.wire.DirectoryClient.LocateResponse;
import io.membrane.wire.DirectoryClient.LocatedBlock;
import io.membrane.wire.LogEntry;
import io.membrane.wire.LogPosition;
import io.membrane.wire.MatchRequest;
import io.membrane.wire.MatchResponse;
import io.membrane.wire.NamespaceRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

/**
 * Who sees what: every answer is that of a directory which was told only what happened in the
 * caller's sharing domain.
 */
class SharingTest {

  private static final RedisProcess REDIS = RedisProcess.embedded();
  private static final LettuceConnectionFactory CONNECTIONS = RedisConnections.to(REDIS.port());
  private static final StringRedisTemplate RAW = new StringRedisTemplate(CONNECTIONS);
  private static final Service SERVICE = Service.ofTinyLlama(REDIS.port());

  /** The policies of tenants that have one. */
  private static final Map<String, Policy> POLICIES =
      Map.of(
          "apart", policy(Sharing.ISOLATED, null),
          "one-of-two", policy(Sharing.GROUP, "two"),
          "two-of-two", policy(Sharing.GROUP, "two"),
          "open", policy(Sharing.PUBLIC, null),
          "open-too", policy(Sharing.PUBLIC, null));

  private static final List<String> TENANTS =
      List.of("apart", "one-of-two", "two-of-two", "open", "open-too", "unheard-of", "default");

  private static final List<BlockHash> CHAIN = Entries.chain(5);

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @BeforeAll
  static void ready() {
    POLICIES.forEach(SharingTest::set);
    SERVICE.awaitReady();
  }

  @AfterAll
  static void stop() {
    SERVICE.close();
    CONNECTIONS.destroy();
    REDIS.close();
  }

  @Test
  void everyAnswerIsThatOfADirectoryWhichWasToldOnlyWhatTheCallerMaySee() {
    Seeds.forAll(
        6,
        random -> {
          Map<String, Image> told = new HashMap<>();
          Map<String, long[]> progress = new HashMap<>();
          String node = "n" + random.nextLong();
          for (int step = 0; step < 60; step++) {
            String tenant = TENANTS.get(random.nextInt(TENANTS.size()));
            EventBatch batch = batch(random, node + random.nextInt(2), progress, domain(tenant));
            EventsAccepted accepted = tell(tenant, batch);
            Image image =
                told.computeIfAbsent(domain(tenant), d -> new Image(1000, new TestClock()));
            for (int i = 0; i < batch.events().size(); i++) {
              image.apply(
                  new LogEntry(
                      batch.node(),
                      batch.cluster(),
                      domain(tenant),
                      batch.epoch(),
                      batch.sequence() + i,
                      batch.events().get(i)));
            }
            String asking = TENANTS.get(random.nextInt(TENANTS.size()));
            Image seen =
                told.computeIfAbsent(domain(asking), d -> new Image(1000, new TestClock()));
            assertThat(match(asking, accepted.logPosition()))
                .isEqualTo(seen.match(CHAIN, Set.of(), 16, domain(asking)));
            assertThat(locate(asking))
                .isEqualTo(
                    CHAIN.stream()
                        .map(hash -> new LocatedBlock(hash, seen.places(hash, domain(asking))))
                        .toList());
          }
          TENANTS.forEach(tenant -> clear(tenant, node, progress));
        });
  }

  @Test
  void whatATenantClearsRemovesOrBeginsAnewStaysWithTheOthers() {
    Event stored = Entries.stored(CHAIN, 0, Entries.ATTENTION, "gpu");
    for (String tenant : List.of("apart", "one-of-two", "open")) {
      tell(tenant, new EventBatch("shared-name", "c1", 1L, 0L, List.of(stored)));
    }
    tell(
        "unheard-of",
        new EventBatch(
            "shared-name",
            "c1",
            9L,
            0L,
            List.of(Entries.cleared(), Entries.removed(CHAIN.getFirst(), null, null))));
    EventsAccepted cleared =
        tell("two-of-two", new EventBatch("shared-name", "c1", 2L, 0L, List.of(Entries.cleared())));
    assertThat(match("apart", cleared.logPosition()).matches()).hasSize(1);
    assertThat(match("open-too", cleared.logPosition()).matches()).hasSize(1);
    assertThat(match("one-of-two", cleared.logPosition()).matches()).isEmpty();
    assertThat(
            tell("apart", new EventBatch("shared-name", "c1", 1L, 1L, List.of(Entries.cleared())))
                .nextSequence())
        .isEqualTo(2);
    tell("open", new EventBatch("shared-name", "c1", 1L, 1L, List.of(Entries.cleared())));
  }

  @Test
  void aPolicyThatChangesHoldsWithinSeconds() {
    Event stored = Entries.stored(CHAIN, 0, Entries.ATTENTION, "gpu");
    tell("turned", new EventBatch("of-turned", "c1", 1L, 0L, List.of(stored)));
    EventsAccepted open = tell("open", new EventBatch("of-open", "c1", 1L, 0L, List.of(stored)));
    assertThat(nodes("turned", open.logPosition())).containsExactly("of-turned");
    set("turned", policy(Sharing.PUBLIC, null));
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> nodes("turned", null).equals(List.of("of-open")));
    tell("open", new EventBatch("of-open", "c1", 1L, 1L, List.of(Entries.cleared())));
  }

  @Test
  void tenantsWithoutAPolicyShareAsTheServiceIsTold() {
    try (RedisProcess redis = RedisProcess.embedded();
        Service service = Service.ofTinyLlama(redis.port(), "membrane.directory.sharing=public")) {
      service.awaitReady();
      Event stored = Entries.stored(CHAIN, 0, Entries.ATTENTION, "gpu");
      EventBatch batch = new EventBatch("n", "c1", 1L, 0L, List.of(stored));
      assertThat(service.postAs("a", EVENTS, json(batch)).statusCode()).isEqualTo(200);
      String asked = json(new LocateRequest(List.of(CHAIN.getFirst())));
      Awaitility.await()
          .atMost(PATIENCE)
          .until(() -> service.postAs("b", LOCATE, asked).body().contains("\"n\""));
    }
  }

  private static EventBatch batch(
      RandomGenerator random, String node, Map<String, long[]> progress, String domain) {
    long[] known = progress.computeIfAbsent(node + " " + domain, n -> new long[2]);
    if (random.nextInt(12) == 0) {
      known[0]++;
      known[1] = 0;
    }
    List<Event> events = new ArrayList<>();
    for (int i = random.nextInt(4); i >= 0; i--) {
      int block = random.nextInt(CHAIN.size());
      String tier = random.nextBoolean() ? "gpu" : "cpu";
      events.add(
          switch (random.nextInt(10)) {
            case 0 -> Entries.cleared();
            case 1, 2 ->
                Entries.removed(CHAIN.get(block), null, random.nextBoolean() ? tier : null);
            default -> Entries.stored(CHAIN, block, Entries.ATTENTION, tier);
          });
    }
    EventBatch batch = new EventBatch(node, "c1", known[0], known[1], events);
    known[1] += events.size();
    return batch;
  }

  private static void clear(String tenant, String node, Map<String, long[]> progress) {
    for (int i = 0; i < 2; i++) {
      long[] known = progress.get(node + i + " " + domain(tenant));
      if (known != null) {
        tell(tenant, new EventBatch(node + i, "c1", ++known[0], 0L, List.of(Entries.cleared())));
      }
    }
  }

  /** Sent again as long as the directory says that it still reads its log, as nodes do. */
  private static EventsAccepted tell(String tenant, EventBatch batch) {
    HttpResponse<String> answer =
        Awaitility.await()
            .atMost(PATIENCE)
            .until(
                () -> SERVICE.postAs(tenant, EVENTS, json(batch)),
                sent -> sent.statusCode() != 503);
    return read(answer, EventsAccepted.class);
  }

  /**
   * A match waits for a position for a second and then goes on; this waits for as long as it takes.
   */
  private static MatchResponse match(String tenant, @Nullable String atLeast) {
    if (atLeast != null) {
      assertThat(SERVICE.bean(LogTail.class).await(LogPosition.parse(atLeast), PATIENCE)).isTrue();
    }
    String body =
        json(new MatchRequest(NamespaceRequest.of(Entries.NAMESPACE), null, CHAIN, null, null));
    return read(SERVICE.postAs(tenant, MATCH, body), MatchResponse.class);
  }

  private static List<String> nodes(String tenant, @Nullable String atLeast) {
    return match(tenant, atLeast).matches().stream().map(m -> m.node()).toList();
  }

  private static List<LocatedBlock> locate(String tenant) {
    String body = json(new LocateRequest(CHAIN));
    return read(SERVICE.postAs(tenant, LOCATE, body), LocateResponse.class).blocks();
  }

  private static String domain(String tenant) {
    return POLICIES.getOrDefault(tenant, Policy.standard(Sharing.ISOLATED)).domain(tenant);
  }

  private static Policy policy(Sharing sharing, @Nullable String group) {
    return new Policy(null, null, null, sharing, group, Policy.DEFAULT_CLASS);
  }

  private static void set(String tenant, Policy policy) {
    RAW.opsForValue().set(Policies.key(tenant), json(policy));
  }

  private static String json(Object value) {
    return WireJson.mapper().writeValueAsString(value);
  }

  private static <T> T read(HttpResponse<String> answer, Class<T> type) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return WireJson.mapper().readValue(answer.body(), type);
  }
}
