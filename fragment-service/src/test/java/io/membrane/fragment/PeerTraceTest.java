package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.placement.Placement;
import io.membrane.placement.PlacementNode;
import io.membrane.rpc.Frame;
import io.membrane.rpc.TraceParent;
import io.membrane.rpc.WireJson;
import io.membrane.wire.FragmentClient.Keys;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Traces of reads that the node which is asked passes on to homes of what is read. */
class PeerTraceTest {

  private static final String CALLER = "00f067aa0ba902b7";
  private static final Random RANDOM = new Random(41);

  private static final RedisProcess REDIS = RedisProcess.embedded();
  private static final SmallDirectory DIRECTORY = new SmallDirectory();
  private static final TracedNode FIRST = node("n0");
  private static final TracedNode SECOND = node("n1");
  private static final TracedNode ASKED = node("n2");
  private static final List<TracedNode> NODES = List.of(FIRST, SECOND, ASKED);

  private static TracedNode node(String id) {
    return new TracedNode(id, REDIS.url(), DIRECTORY.port());
  }

  @BeforeAll
  static void know() {
    Fleet.soon()
        .untilAsserted(
            () -> assertThat(NODES).allSatisfy(node -> assertThat(node.known()).isEqualTo(3)));
  }

  @AfterAll
  static void stop() {
    NODES.forEach(TracedNode::close);
    DIRECTORY.close();
    REDIS.close();
  }

  @Test
  void aReadThatIsPassedOnIsAClientSpanAndAServerSpanOfOneTrace() throws IOException {
    String trace = "4bf92f3577b34da6a3ce929d0e0e4740";
    FragmentKey key = storedAt(FIRST);
    HttpResponse<byte[]> answer = ASKED.http.get(key, TraceParent.HEADER, parent(trace));
    assertThat(answer.statusCode()).isEqualTo(200);

    Fleet.soon().untilAsserted(() -> isPassedOn(trace, FIRST));
    assertThat(calls(trace))
        .singleElement()
        .satisfies(call ->
            assertThat(call.getAttributes().asMap().values())
                .contains("/v1/fragments/batch-get", "200", "SUCCESS"));
  }

  @Test
  void aBatchFromSeveralHomesHasAPairForEach() throws IOException {
    String trace = "4bf92f3577b34da6a3ce929d0e0e4741";
    List<FragmentKey> keys = List.of(storedAt(FIRST), storedAt(SECOND));
    HttpResponse<byte[]> answer =
        ASKED.http.send(
            ASKED
                .http
                .request("/v1/fragments/batch-get")
                .header("Content-Type", "application/json")
                .header(TraceParent.HEADER, parent(trace))
                .POST(
                    BodyPublishers.ofByteArray(
                        WireJson.mapper().writeValueAsBytes(new Keys(keys)))));
    assertThat(FragmentHttp.frames(answer)).extracting(Frame::status).containsExactly(200, 200);

    Fleet.soon()
        .untilAsserted(() -> {
          isPassedOn(trace, FIRST);
          isPassedOn(trace, SECOND);
          assertThat(calls(trace)).hasSize(2);
        });
  }

  @Test
  void callsOfNodesAreTimedAsThoseOfOtherServicesAre() throws IOException {
    FragmentKey key = storedAt(FIRST);
    assertThat(ASKED.http.get(key).statusCode()).isEqualTo(200);
    List<Timer> calls = List.copyOf(ASKED.meters().find("http.client.requests").timers());
    assertThat(calls)
        .extracting(timer -> timer.getId().getTag("uri"))
        .contains("/v1/fragments/batch-get")
        .anyMatch(uri -> String.valueOf(uri).startsWith("/v1/nodes"));
    assertThat(calls)
        .extracting(timer -> timer.getId().getTags().stream().map(Tag::getKey).toList())
        .containsOnly(calls.getFirst().getId().getTags().stream().map(Tag::getKey).toList());
  }

  /** From the caller to the node that it asked, and from there to the home. */
  private static void isPassedOn(String trace, TracedNode home) {
    assertThat(ASKED.spans(trace, SpanKind.SERVER))
        .singleElement()
        .satisfies(asked -> {
          assertThat(asked.getParentSpanId()).isEqualTo(CALLER);
          assertThat(calls(trace))
              .isNotEmpty()
              .allMatch(call -> call.getParentSpanId().equals(asked.getSpanId()));
        });
    assertThat(home.spans(trace, SpanKind.SERVER))
        .singleElement()
        .satisfies(answering ->
            assertThat(calls(trace))
                .extracting(SpanData::getSpanId)
                .contains(answering.getParentSpanId()));
  }

  /** Calls of other nodes, and not those of Redis. */
  private static List<SpanData> calls(String trace) {
    return ASKED.spans(trace, SpanKind.CLIENT).stream()
        .filter(span -> span.getName().equals("http post"))
        .toList();
  }

  private static String parent(String trace) {
    return "00-" + trace + "-" + CALLER + "-01";
  }

  /** A fragment that belongs to this node alone, and is in its memory. */
  private static FragmentKey storedAt(TracedNode home) throws IOException {
    Placement placement =
        new Placement(NODES.stream().map(node -> new PlacementNode(node.id, 1)).toList());
    FragmentKey key = FragmentHttp.key(RANDOM);
    while (!placement.homes(key.hash(), 1).contains(home.id)) {
      key = FragmentHttp.key(RANDOM);
    }
    assertThat(home.http.put(key, Seeds.bytes(RANDOM, 3000)).statusCode()).isEqualTo(201);
    return key;
  }
}
