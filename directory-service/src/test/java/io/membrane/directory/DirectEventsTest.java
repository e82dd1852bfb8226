package io.membrane.directory;

import static io.membrane.directory.Service.EVENTS;
import static io.membrane.directory.Service.LOCATE;
import static io.membrane.directory.Service.batch;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.directory.location.Entries;
import io.membrane.rpc.WireJson;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventBatch;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Batches of events that are taken in before Spring MVC, beside the same ones that are not. */
class DirectEventsTest {

  @RegisterExtension private static final Replicas REPLICAS = new Replicas(1);

  private static final Service SERVICE = REPLICAS.first();
  private static final List<BlockHash> CHAIN = Entries.chain(12);
  private static final BothWays WAYS =
      new BothWays(SERVICE, EVENTS, "membrane_directory_direct_events");

  @Test
  void whatIsToldTheShortWayIsKnownAsIfToldTheLongOne() {
    long before = WAYS.brief();
    List<Event> events = new ArrayList<>();
    for (int i = 0; i < CHAIN.size(); i++) {
      events.add(
          Entries.stored(CHAIN, i, i % 3 == 0 ? Entries.STATE : Entries.ATTENTION, "t" + i % 2));
    }
    events.add(Entries.removed(CHAIN.getLast(), null, null));
    events.add(Entries.removed(CHAIN.getFirst(), Entries.STATE, "t0"));
    JsonNode brief = Service.ok(WAYS.shortWay(told("short", events)));
    JsonNode whole = Service.ok(WAYS.longWay(told("long", events)));
    assertThat(WAYS.brief()).isEqualTo(before + 1);
    assertThat(brief.get("next_sequence")).isEqualTo(whole.get("next_sequence"));
    for (JsonNode block : SERVICE.answer(LOCATE, located()).get("blocks")) {
      List<String> places = new ArrayList<>();
      block.get("places").forEach(place -> places.add(place.toString()));
      assertThat(places.stream().filter(place -> place.contains("\"short\"")))
          .containsExactlyInAnyOrderElementsOf(
              places.stream()
                  .filter(place -> place.contains("\"long\""))
                  .map(place -> place.replace("\"long\"", "\"short\""))
                  .toList());
    }
  }

  @Test
  void whatIsSentAgainIsAcceptedAgainEitherWay() {
    List<Event> events = List.of(Entries.stored(CHAIN, 0, Entries.ATTENTION, "memory"));
    JsonNode first = Service.ok(SERVICE.post(EVENTS, told("again", events)));
    answersAreTheSame(told("again", events));
    assertThat(first.get("next_sequence").asLong()).isOne();
    assertThat(
            Service.ok(SERVICE.post(EVENTS, told("again", events))).get("next_sequence").asLong())
        .isOne();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "{}",
        "null",
        "{\"node\": \"n\", \"cluster\": \"c\", \"epoch\": 1, \"sequence\": 0, \"events\": [{}]}",
        "{\"node\": \"n\", \"cluster\": \"c\", \"epoch\": 1, \"sequence\": 5, \"events\": []}",
        "{\"node\": \"\", \"cluster\": \"c\", \"epoch\": 1, \"sequence\": 0, \"events\": []}"
      })
  void whatIsNotPlainIsTheEndpointsToAnswer(String body) {
    answersAreTheSame(body);
  }

  @Test
  void aBadEventAmongGoodOnesIsNamedAndNothingIsAppended() {
    for (String bad :
        List.of(
            "{\"type\": \"stored\"}",
            "{\"type\": \"moved\"}",
            "{\"type\": \"removed\", \"block_hash\": \"x\"}",
            "{\"type\": \"cleared\", \"tier\": \"gpu\"}",
            "7")) {
      String body = batch("bad", "1", "0", "{\"type\": \"cleared\"}, " + bad);
      answersAreTheSame(body);
      assertThat(Service.json(SERVICE.post(EVENTS, body)).get("detail").asString()).contains("[1]");
    }
    assertThat(SERVICE.answer(EVENTS, batch("bad", "1", "0", "")).get("next_sequence").asLong())
        .isZero();
  }

  @Test
  void aGapIsRefusedInTheSameWordsEitherWay() {
    String body = batch("gap", "1", "7", "{\"type\": \"cleared\"}");
    answersAreTheSame(body);
    assertThat(SERVICE.problem(409, "sequence_gap", EVENTS, body)).contains("sequence 0 is wanted");
  }

  private static String told(String node, List<Event> events) {
    return WireJson.mapper().writeValueAsString(new EventBatch(node, "c", 1L, 0L, events));
  }

  private static String located() {
    return "{\"block_hashes\": %s}".formatted(WireJson.mapper().writeValueAsString(CHAIN));
  }

  private static void answersAreTheSame(String body) {
    WAYS.answerTheSame(body, "next_sequence", "log_position");
  }
}
