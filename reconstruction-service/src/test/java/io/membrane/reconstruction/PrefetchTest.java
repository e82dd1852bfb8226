package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.Tokens;
import io.membrane.rpc.WireJson;
import io.membrane.wire.FragmentClient.Keys;
import io.membrane.wire.MatchRequest;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
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

  /** The test before may have left breakers open, or a fetch under way. */
  @BeforeEach
  void awaitRecovery() {
    String json = turn("probe", tokens(400, 100)).json();
    Awaitility.await()
        .until(() -> {
          post(json, "Membrane-Tenant", "probe");
          return !prefetches("probe").isEmpty() && !contexts("probe").isEmpty();
        });
    FLEET.reset();
  }

  private static List<Peer.Call> prefetches(String tenant) {
    return FLEET.fragments.calls(PREFETCH).stream()
        .filter(call -> tenant.equals(call.tenant()))
        .toList();
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

    Awaitility.await().until(() -> !prefetches("default").isEmpty());

    Keys keys = WireJson.mapper().readValue(prefetches("default").getFirst().body(), Keys.class);
    assertThat(keys.keys()).isEqualTo(keys(prompt));
  }

  @Test
  void itIsFetchedForTheTenantWhoseSessionItIs() {
    String json = turn("b", tokens(402, 100)).json();
    assertThat(post(json, "Membrane-Tenant", "acme").status()).isEqualTo(200);
    assertThat(post(json).status()).isEqualTo(200);
    assertThat(post(json, "Membrane-Tenant", "acme").status()).isEqualTo(200);

    Awaitility.await().until(() -> !prefetches("acme").isEmpty());

    assertThat(prefetches("default")).isEmpty();
  }

  @Test
  void theDirectoryLearnsWhichContextASessionUsed() {
    Tokens prompt = tokens(403, 100);
    ask(turn("c", prompt));

    Awaitility.await().until(() -> !contexts("c").isEmpty());

    assertThat(contexts("c").getFirst().blockHashes()).isEqualTo(hashes(prompt));
  }

  private static List<MatchRequest> contexts(String session) {
    return FLEET.directory.calls("/v1/directory/match").stream()
        .map(call -> WireJson.mapper().readValue(call.body(), MatchRequest.class))
        .filter(match -> session.equals(match.sessionId()))
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
