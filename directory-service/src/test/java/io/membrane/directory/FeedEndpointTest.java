package io.membrane.directory;

import static io.membrane.directory.Service.EVENTS;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.directory.feed.Feed;
import io.membrane.directory.location.Entries;
import io.membrane.rpc.WireJson;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventBatch;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FeedEndpointTest {

  private static final String KEY = "what all directories know";
  private static final List<BlockHash> CHAIN = Entries.chain(20);

  @RegisterExtension
  private static final Replicas REPLICAS =
      new Replicas(1, "membrane.directory.region=here", "membrane.directory.peer-key=" + KEY);

  private static final Service SERVICE = REPLICAS.first();

  @Test
  void withoutACursorAllThatThereIsIsToldAndThenWhatChanges() {
    store("first", "n", 0, stored(0), stored(1));
    try (FeedLines feed = feed("first", null)) {
      assertThat(feed.status()).isEqualTo(200);
      assertThat(feed.region()).isEqualTo("here");
      List<JsonNode> all = feed.until("complete");
      assertThat(all.getFirst().get("type").asString()).isEqualTo("reset");
      assertThat(all)
          .anySatisfy(line -> {
            assertThat(line.get("type").asString()).isEqualTo("source");
            assertThat(line.get("node").asString()).isEqualTo("n");
            assertThat(line.get("sequence").asLong()).isEqualTo(2);
          });
      assertThat(hashes(all)).containsExactlyInAnyOrder(CHAIN.get(0), CHAIN.get(1));

      store("first", "n", 2, Entries.removed(CHAIN.get(1), null, null), stored(2));

      JsonNode removed = feed.nextChange();
      assertThat(removed.get("type").asString()).isEqualTo("removed");
      assertThat(removed.get("block_hash").asString()).isEqualTo(CHAIN.get(1).toString());
      assertThat(removed.get("epoch").asLong()).isEqualTo(1);
      assertThat(removed.get("sequence").asLong()).isEqualTo(2);
      assertThat(removed.has("cursor")).as("within a batch").isFalse();
      JsonNode stored = feed.nextChange();
      assertThat(stored.get("parent_hash").asString()).isEqualTo(CHAIN.get(1).toString());
      assertThat(stored.get("cluster").asString()).isEqualTo("c1");
      assertThat(stored.get("tier").asString()).isEqualTo("memory");
      assertThat(stored.get("namespace").get("model").asString()).isEqualTo("tiny-llama");
      assertThat(stored.get("cursor").asString()).isNotBlank();
    }
  }

  @Test
  void aReaderGoesOnAfterItsCursor() {
    store("second", "n", 0, stored(0));
    String cursor;
    try (FeedLines feed = feed("second", null)) {
      cursor = feed.until("complete").getLast().get("cursor").asString();
    }
    store("second", "n", 1, stored(1));
    try (FeedLines feed = feed("second", cursor)) {
      JsonNode line = feed.nextChange();
      assertThat(line.get("block_hash").asString()).isEqualTo(CHAIN.get(1).toString());
      cursor = line.get("cursor").asString();
    }
    try (FeedLines feed = feed("second", cursor)) {
      JsonNode sign = feed.next();
      assertThat(sign.get("type").asString()).isEqualTo("at");
      assertThat(sign.get("lag_ms").asLong()).isZero();
      assertThat(sign.get("cursor").asString()).isNotBlank();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"another life:1-0", "another life:0-0"})
  void aCursorOfAnotherLogBeginsAnew(String cursor) {
    try (FeedLines feed = feed("third", cursor)) {
      assertThat(feed.next().get("type").asString()).isEqualTo("reset");
    }
  }

  @Test
  void aCursorThatTheLogNeverHadBeginsAnew() {
    String life;
    try (FeedLines feed = feed("third", null)) {
      String cursor = feed.until("complete").getLast().get("cursor").asString();
      life = cursor.substring(0, cursor.lastIndexOf(':'));
    }
    try (FeedLines feed = feed("third", life + ":99999999999999-7")) {
      assertThat(feed.next().get("type").asString()).isEqualTo("reset");
    }
  }

  @Test
  void aTenantIsToldOfItsOwnDomainAndAPeerOfAll() {
    store("mine", "n", 0, stored(5));
    store("theirs", "n", 0, stored(6));
    try (FeedLines mine = feed("mine", null);
        FeedLines all = new FeedLines(SERVICE.url(), "mine", KEY, null)) {
      List<JsonNode> toMe = mine.until("complete");
      assertThat(hashes(toMe)).containsExactly(CHAIN.get(5));
      assertThat(toMe.toString()).doesNotContain("theirs");
      assertThat(hashes(all.until("complete"))).contains(CHAIN.get(5), CHAIN.get(6));

      store("theirs", "n", 1, stored(7));
      store("mine", "n", 1, stored(8));

      assertThat(mine.nextChange().get("block_hash").asString()).isEqualTo(CHAIN.get(8).toString());
      assertThat(all.nextChange().get("block_hash").asString()).isEqualTo(CHAIN.get(7).toString());
    }
  }

  @Test
  void aKeyThatIsNotThePeersIsRefused() {
    assertThat(
            Service.problem(
                403,
                "forbidden",
                SERVICE.send(
                    HttpRequest.newBuilder(SERVICE.uri(FeedLines.FEED))
                        .header(DirectoryClient.PEER_HEADER, KEY + "?"))))
        .contains("peer-key");
  }

  @Test
  void withoutAConfiguredKeyNobodyIsAPeer() {
    RegionProperties none =
        new RegionProperties(null, Map.of(), null, Duration.ofSeconds(10), Duration.ofHours(24));
    assertThat(none.isPeerKey("")).isFalse();
    assertThat(none.isPeerKey(KEY)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "0-0", ":0-0", "life:1"})
  void aCursorThatIsNoneIsRefused(String cursor) {
    assertThat(
            Service.problem(
                400, "malformed_request", SERVICE.get(FeedLines.FEED + "?after=" + cursor)))
        .contains("after");
  }

  @Test
  void moreReadersThanTheFeedBearsAreRefusedAndTheirPlacesGivenBack() {
    List<FeedLines> readers = new ArrayList<>();
    try {
      for (FeedLines next = feed("m", null); next.status() == 200; next = feed("m", null)) {
        readers.add(next);
      }
      assertThat(readers).hasSizeBetween(32, 64);
    } finally {
      readers.forEach(FeedLines::close);
    }
    Awaitility.await()
        .until(() -> {
          try (FeedLines again = feed("m", null)) {
            return again.status() == 200;
          }
        });
  }

  @Test
  void aReaderThatDoesNotReadIsCut() throws IOException {
    try (Service impatient =
            Service.ofTinyLlama(REPLICAS.redisPort(), "server.tomcat.connection-timeout=1s");
        Socket socket = new Socket()) {
      impatient.awaitReady();
      List<BlockHash> many = Entries.chain(10_000);
      for (int node = 0; node < 4; node++) {
        store(
            "slow",
            "n" + node,
            0,
            IntStream.range(0, many.size())
                .mapToObj(i -> Entries.stored(many, i, Entries.ATTENTION, "memory"))
                .toArray(Event[]::new));
      }
      Feed feed = impatient.bean(Feed.class);
      socket.setReceiveBufferSize(4096);
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), impatient.url().getPort()));
      socket
          .getOutputStream()
          .write(
              "GET /v1/directory/feed HTTP/1.1\r\nHost: x\r\nMembrane-Tenant: slow\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      assertThat(socket.getInputStream().read()).isEqualTo('H');
      assertThat(feed.readers()).isEqualTo(1);

      Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> feed.readers() == 0);
    }
  }

  private static FeedLines feed(String tenant, @Nullable String after) {
    return new FeedLines(SERVICE.url(), tenant, null, after);
  }

  private static List<BlockHash> hashes(List<JsonNode> lines) {
    return lines.stream()
        .filter(line -> line.get("type").asString().equals("stored"))
        .map(line -> BlockHash.parse(line.get("block_hash").asString()))
        .toList();
  }

  private static Event stored(int block) {
    return Entries.stored(CHAIN, block, Entries.ATTENTION, "memory");
  }

  private static void store(String tenant, String node, long sequence, Event... events) {
    String body =
        WireJson.mapper()
            .writeValueAsString(new EventBatch(node, "c1", 1L, sequence, List.of(events)));
    String position =
        Service.ok(SERVICE.postAs(tenant, EVENTS, body)).get("log_position").asString();
    Prompts.awaits(SERVICE, position);
  }
}
