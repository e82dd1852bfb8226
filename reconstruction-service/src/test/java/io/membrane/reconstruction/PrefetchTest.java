package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.Tokens;
import io.membrane.rpc.WireJson;
import io.membrane.wire.DirectoryClient.MatchRequest;
import io.membrane.wire.FragmentClient.Keys;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is fetched ahead for sessions, and that nobody notices when it is not. */
class PrefetchTest extends FleetTest {

  private static final String PREFETCH = "/v1/fragments/prefetch";
  private static final String BLOCKS = "/v1/directory/blocks";

  private static Asked turn(String session, Tokens prompt) {
    return context(prompt).with("session_id", session);
  }

  private double counted(String metric) {
    return get("/actuator/prometheus")
        .body()
        .lines()
        .filter(line -> line.startsWith(metric))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void whenATurnBeginsTheLastOnesBlocksAreFetchedFromTheHead() {
    Tokens prompt = tokens(401, 100);
    ask(turn("a", prompt));
    ask(turn("a", tokens(401, 150)));

    Awaitility.await().until(() -> FLEET.fragments.calls(PREFETCH).size() == 1);

    Keys keys =
        WireJson.mapper().readValue(FLEET.fragments.calls(PREFETCH).getFirst().body(), Keys.class);
    assertThat(keys.keys()).isEqualTo(keys(prompt));
  }

  @Test
  void itIsFetchedForTheTenantWhoseSessionItIs() {
    String json = turn("b", tokens(402, 100)).json();
    assertThat(post(json, "Membrane-Tenant", "acme").status()).isEqualTo(200);
    assertThat(post(json).status()).isEqualTo(200);
    assertThat(post(json, "Membrane-Tenant", "acme").status()).isEqualTo(200);

    Awaitility.await().until(() -> !FLEET.fragments.calls(PREFETCH).isEmpty());

    assertThat(FLEET.fragments.calls(PREFETCH)).extracting(Peer.Call::tenant).containsOnly("acme");
  }

  @Test
  void theDirectoryLearnsWhichContextASessionUsed() {
    Tokens prompt = tokens(403, 100);
    ask(turn("c", prompt));

    Awaitility.await().until(() -> matches().stream().anyMatch(m -> "c".equals(m.sessionId())));

    MatchRequest noted =
        matches().stream().filter(m -> "c".equals(m.sessionId())).findFirst().orElseThrow();
    assertThat(noted.blockHashes()).isEqualTo(hashes(prompt));
  }

  private static List<MatchRequest> matches() {
    return FLEET.directory.calls("/v1/directory/match").stream()
        .map(call -> WireJson.mapper().readValue(call.body(), MatchRequest.class))
        .toList();
  }

  @ParameterizedTest
  @CsvSource({
    "directory, " + BLOCKS + ", nonsense",
    "directory, " + BLOCKS + ", cut",
    "directory, " + BLOCKS + ", stall",
    "fragment, " + PREFETCH + ", refuse",
    "fragment, " + PREFETCH + ", stall"
  })
  void whateverFailsBehindItATurnIsServed(String peer, String path, String fault) {
    String tenant = peer + "-" + fault;
    double before = counted("membrane_reconstruction_failed_prefetches");
    Peer failing = peer.equals("directory") ? FLEET.directory : FLEET.fragments;
    switch (fault) {
      case "nonsense" -> failing.answerInstead(path, "not json");
      case "refuse" -> FLEET.refusePrefetch();
      case "cut" -> failing.cutMidBody(path, "{");
      default -> failing.stallMidBody(path, "{");
    }

    for (int i = 0; i < 40; i++) {
      Answer answer = post(turn("d", tokens(404, 100)).json(), "Membrane-Tenant", tenant);
      assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    }

    Awaitility.await().until(() -> counted("membrane_reconstruction_failed_prefetches") > before);
  }
}
