package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.Range;
import io.membrane.block.FragmentKey;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.WireJson;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.ListingLine;
import io.membrane.wire.LogEntry;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What directories are told of the store, over HTTP. */
class ListingEndpointTest extends RunningService {

  private static final byte[] LIFE = bytes("{membrane}:log:life");
  private static final byte[] LOG = bytes("{membrane}:log");

  private final Random random = new Random(47);

  /** A fragment as the log or the listing names it. */
  private record Named(String domain, Event event) {}

  @Test
  void everythingThatIsStoredIsToldOnceInTheWordsOfTheLog() throws IOException {
    redis.hset(LIFE, bytes("id"), bytes("of this log"));
    for (int i = 0; i < 1300; i++) {
      http.put(FragmentHttp.key(random), Seeds.bytes(random, 10), "Membrane-Tenant", tenant(i));
    }
    List<ListingLine> lines = list();

    assertThat(lines.getFirst()).isEqualTo(ListingLine.begin("of this log", "redis", "local"));
    assertThat(lines.getLast()).isEqualTo(ListingLine.complete(1300));
    List<Named> told = named(lines);
    assertThat(told).hasSize(1300).doesNotHaveDuplicates();
    assertThat(told).containsExactlyInAnyOrderElementsOf(logged());
    assertThat(told.stream().map(Named::domain).distinct()).hasSize(3);
  }

  @Test
  void whatHasEndedOrIsDeletedOrNoFragmentIsNotTold() throws Exception {
    FragmentKey stays = FragmentHttp.key(random);
    FragmentKey ends = FragmentHttp.key(random);
    FragmentKey deleted = FragmentHttp.key(random);
    http.put(stays, bytes("stays"), "Membrane-Ttl", "100");
    http.put(ends, bytes("ends"), "Membrane-Ttl", "1");
    http.put(deleted, bytes("deleted"));
    http.send(http.request("/v1/fragments/" + deleted).DELETE());
    Awaitility.await()
        .untilAsserted(() ->
            assertThat(named(list()))
                .singleElement()
                .satisfies(named -> {
                  assertThat(named.event().blockHash()).isEqualTo(stays.hash());
                  assertThat(named.event().expiresAtMs()).isGreaterThan(0);
                }));
  }

  @Test
  void anEmptyStoreOfNoLogIsToldToo() throws IOException {
    assertThat(list())
        .containsExactly(ListingLine.begin(null, "redis", "local"), ListingLine.complete(0));
  }

  @Test
  void whatStaysIsToldWhileTheRestComesAndGoes() throws IOException {
    Set<FragmentKey> stay = new HashSet<>();
    for (int i = 0; i < 600; i++) {
      FragmentKey key = FragmentHttp.key(random);
      http.put(key, bytes("stays"));
      stay.add(key);
    }
    AtomicBoolean isOver = new AtomicBoolean();
    CompletableFuture<Void> others =
        CompletableFuture.runAsync(() -> {
          Random of = new Random(5);
          while (!isOver.get()) {
            FragmentKey key = FragmentHttp.key(of);
            try {
              http.put(key, bytes("goes"));
              http.send(http.request("/v1/fragments/" + key).DELETE());
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          }
        });
    try {
      for (int i = 0; i < 5; i++) {
        List<ListingLine> lines = list();
        Set<FragmentKey> told = new HashSet<>();
        for (Named named : named(lines)) {
          told.add(
              new FragmentKey(
                  Objects.requireNonNull(named.event().blockHash()),
                  Objects.requireNonNull(named.event().slice())));
        }
        assertThat(told).containsAll(stay);
        assertThat(lines.getLast()).isEqualTo(ListingLine.complete(lines.size() - 2));
      }
    } finally {
      isOver.set(true);
      others.join();
    }
  }

  private static String tenant(int i) {
    return "t" + i % 3;
  }

  private List<ListingLine> list() throws IOException {
    HttpResponse<byte[]> answer = http.send(http.request(ListingLine.PATH).GET());
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(FragmentHttp.header(answer, "Content-Type")).startsWith(ListingLine.MEDIA_TYPE);
    List<ListingLine> lines = new ArrayList<>();
    for (String line : new String(answer.body(), StandardCharsets.UTF_8).lines().toList()) {
      lines.add(
          Objects.requireNonNull(WireJson.mapper().readValue(line, ListingLine.class), "line"));
    }
    return lines;
  }

  private static List<Named> named(List<ListingLine> lines) {
    return lines.stream()
        .filter(line -> line.type() == ListingLine.Type.STORED)
        .map(line ->
            new Named(Objects.requireNonNull(line.domain()), Objects.requireNonNull(line.event())))
        .toList();
  }

  /** What the log says was stored. */
  private List<Named> logged() {
    return redis.xrange(LOG, Range.unbounded()).stream()
        .map(entry -> entry.getBody().values().iterator().next())
        .map(json ->
            Objects.requireNonNull(WireJson.mapper().readValue(json, LogEntry.class), "entry"))
        .filter(entry -> entry.event().type() == EventType.STORED)
        .map(entry -> new Named(entry.domain(), entry.event()))
        .toList();
  }
}
