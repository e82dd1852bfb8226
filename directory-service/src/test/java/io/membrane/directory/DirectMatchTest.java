package io.membrane.directory;

import static io.membrane.directory.Service.EVENTS;
import static io.membrane.directory.Service.MATCH;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.directory.location.Entries;
import io.membrane.rpc.WireJson;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventBatch;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Matches that are answered before Spring MVC, beside the same ones that are not. */
class DirectMatchTest {

  @RegisterExtension private static final Replicas REPLICAS = new Replicas(1);

  private static final Service SERVICE = REPLICAS.first();
  private static final List<BlockHash> CHAIN = Entries.chain(12);
  private static final BothWays WAYS =
      new BothWays(SERVICE, MATCH, "membrane_directory_direct_matches");

  @BeforeAll
  static void ready() {
    List<Event> events = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      events.add(Entries.stored(CHAIN, i, Entries.ATTENTION, i < 5 ? "memory" : "disk"));
    }
    Service.ok(
        SERVICE.post(
            EVENTS,
            WireJson.mapper().writeValueAsString(new EventBatch("a", "c", 1L, 0L, events))));
  }

  @Test
  void theShortWayAnswersAsTheLongOneDoes() {
    Random random = new Random(1);
    for (int i = 0; i < 100; i++) {
      List<BlockHash> asked = new ArrayList<>(CHAIN.subList(0, random.nextInt(CHAIN.size() + 1)));
      if (random.nextInt(3) == 0) {
        Collections.shuffle(asked, random);
      }
      String body = "{\"block_hashes\": %s}".formatted(WireJson.mapper().writeValueAsString(asked));
      WAYS.answerTheSame(body);
    }
    assertThat(WAYS.brief()).isEqualTo(100);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "{}",
        "null",
        "{\"block_hashes\": null}",
        "{\"block_hashes\": [\"\"]}",
        "{\"block_hashes\": [null]}",
        "{\"block_hashes\": [], \"tokens\": [1]}",
        "{\"block_hashes\": [], \"at_least\": \"x\"}",
        "{\"block_hashes\": [], \"unknown\": 1}",
        "{\"tokens\": [1, 2, 3, 4, 5], \"namespace\": {\"revision\": \"r\"}}"
      })
  void whatIsNotPlainIsTheEndpointsToAnswer(String body) {
    WAYS.answerTheSame(body);
  }

  @Test
  void aHashThatStandsThereTwiceIsRefused() {
    String twice = "\"" + CHAIN.getFirst().hex() + "\"";
    assertThat(
            SERVICE.problem(
                422,
                "impossible_request",
                MATCH,
                "{\"block_hashes\": [%s, %s]}".formatted(twice, twice)))
        .contains("block_hashes[1]");
  }
}
