package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.reconstruction.explain.Explanation;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.membrane.wire.ReconstructionClient.Coverage;
import io.membrane.wire.ReconstructionClient.Fidelity;
import io.membrane.wire.ReconstructionClient.Segment;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A search for similar blocks that fails, and a worker that does not say what is approximate. */
class ApproximateFaultTest extends ApproximateTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "slow search",
        "refused search",
        "slow",
        "cut",
        "nonsense",
        "{}",
        "{\"data\":[null]}"
      })
  void aSearchThatFailsLeavesTheContextExactAndIsSaid(String fault) {
    FLEET.reset();
    put(chain(PROMPT).getFirst());
    put(source());
    FLEET.mean(edited(block(PROMPT, 2)), "local", source(), 64);
    CountDownLatch released = new CountDownLatch(1);
    double before = counted("membrane_reconstruction_failed_semantic_searches_total");
    try {
      inject(fault, released);
      ContextResponse answer = ask("approximate");

      assertThat(answer.segments())
          .extracting(Segment::fidelity)
          .containsExactly(Fidelity.EXACT, null, null);
      assertThat(answer.coverage()).isEqualTo(new Coverage(16, 84, 0, 0.16));
      assertThat(report(answer).why()).contains("the context is exact: ");
      assertThat(explanation(answer).response().approximate()).isEqualTo(answer.approximate());
      assertThat(counted("membrane_reconstruction_failed_semantic_searches_total"))
          .isEqualTo(before + 1);
      assertThat(post(context(PROMPT).json()).status()).isEqualTo(200);
    } finally {
      released.countDown();
    }
  }

  private static void inject(String fault, CountDownLatch released) {
    Peer worker = FLEET.local.peer;
    switch (fault) {
      case "slow search" -> FLEET.beforeSimilar(() -> await(released));
      case "refused search" ->
          FLEET.beforeSimilar(() -> {
            throw new MembraneException(ErrorCode.OVERLOADED, "too much to look for");
          });
      case "slow" -> worker.stallMidBody("/v1/embeddings", "{");
      case "cut" -> worker.cutMidBody("/v1/embeddings", "{");
      default -> worker.answerInstead("/v1/embeddings", fault);
    }
  }

  private static void await(CountDownLatch released) {
    try {
      released.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @ParameterizedTest
  @CsvSource({"approximate, shifted", "approximate_spans, other_spans"})
  void aWorkerThatHidesWhatIsApproximateIsNotBelieved(String said, String instead)
      throws Exception {
    ask("approximate");
    Peer.Call call = FLEET.local.peer.calls("/v1/prefill").getLast();
    HttpRequest again =
        HttpRequest.newBuilder(URI.create(FLEET.local.peer.url() + call.path()))
            .header("Membrane-Tenant", call.tenant())
            .header("Membrane-Deadline-Ms", "5000")
            .POST(HttpRequest.BodyPublishers.ofString(call.body()))
            .build();
    String honest = HTTP.send(again, BodyHandlers.ofString()).body();
    assertThat(honest).contains("\"" + said + "\"");
    FLEET.local.peer.answerInstead(
        "/v1/prefill", honest.replace("\"" + said + "\"", "\"" + instead + "\""));

    post(context(PROMPT).with("reuse", "approximate").json(), "Membrane-Tenant", BOLD)
        .problem(503, "dependency_unavailable");
  }

  private Explanation explanation(ContextResponse answer) {
    String path = "/v1/contexts/" + answer.contextId() + "/explanation";
    return WireJson.mapper()
        .readValue(get(path, "Membrane-Tenant", BOLD).body(), Explanation.class);
  }
}
