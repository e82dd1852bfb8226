package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.Namespace;
import io.membrane.block.Tokens;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.ServiceUnderTest;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.wire.ComputeClient.ModelList;
import io.membrane.wire.ComputeClient.TokenizeRequest;
import io.membrane.wire.ComputeClient.TokenizeResponse;
import io.membrane.wire.Model;
import io.membrane.wire.Model.Capability;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.PrefillResponse.PrefillTimings;
import io.membrane.wire.ProviderUse;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.membrane.wire.ReconstructionClient.Source;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A cluster whose worker only gets a provider's cache warm. */
class WarmWorkerTest {

  private static final Namespace NAMESPACE =
      new Namespace("provider:anthropic/m", "system", "none", 16);
  private static final String PROMPT = "A prompt of bytes that are its tokens.";

  private static final MiniFleet FLEET = new MiniFleet();
  private static final Peer WORKER = new Peer();
  private static final AtomicReference<@Nullable MembraneException> REFUSAL =
      new AtomicReference<>();

  private static ServiceUnderTest service;

  @BeforeAll
  static void start() {
    WORKER
        .on("/v1/models", Void.class, (call, r) -> models())
        .on("/v1/tokenize", TokenizeRequest.class, (call, r) -> tokenize(r))
        .on("/v1/prefill", PrefillRequest.class, (call, r) -> warm());
    service =
        new ServiceUnderTest(
            ReconstructionApplication.class,
            "membrane.client.peers.directory-service=" + FLEET.directory.url(),
            "membrane.client.peers.fragment-service=" + FLEET.fragments.url(),
            "membrane.client.peers.scheduler-service=" + FLEET.scheduler.url(),
            "membrane.reconstruction.clusters.local.url=" + WORKER.url(),
            "membrane.reconstruction.clusters.local.role=pd",
            "spring.data.redis.url=" + RedisProcess.embedded().url());
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  @BeforeEach
  void healthy() {
    FLEET.reset();
    WORKER.reset();
    REFUSAL.set(null);
  }

  @Test
  void aTextIsWarmedAndNothingIsSaidToBeFetchable() {
    ContextResponse context = ask("{\"text\":\"" + PROMPT + "\"}");

    assertThat(context.coverage().reusedTokens()).isZero();
    assertThat(context.coverage().prefilledTokens()).isEqualTo(PROMPT.length());
    assertThat(context.segments())
        .allSatisfy(segment -> assertThat(segment.source()).isEqualTo(Source.PREFILL));
    assertThat(context.segments().getLast().locations()).isEmpty();
    PrefillRequest sent =
        WireJson.mapper()
            .readValue(WORKER.calls("/v1/prefill").getFirst().body(), PrefillRequest.class);
    assertThat(sent.text()).isEqualTo(PROMPT);
    assertThat(sent.tokens()).isNull();
    assertThat(sent.prefix()).isNull();
  }

  @Test
  void bytesAreRefusedBeforeAnythingIsSpent() {
    assertThat(
            ServiceUnderTest.problem(
                422,
                "impossible_request",
                service.post(
                    "/v1/contexts", "{\"text\":\"" + PROMPT + "\",\"deliver\":\"bytes\"}")))
        .contains("deliver references");
    assertThat(WORKER.calls("/v1/prefill")).isEmpty();
  }

  @Test
  void whatTheWorkerRefusesIsPassedOnWithItsRetryAfter() {
    REFUSAL.set(
        new MembraneException(
            ErrorCode.OVERLOADED, "anthropic takes no more now", null, Duration.ofSeconds(17)));
    assertThat(
            ServiceUnderTest.problem(
                429, "overloaded", service.post("/v1/contexts", "{\"text\":\"" + PROMPT + "\"}")))
        .contains("anthropic");
  }

  private static ContextResponse ask(String body) {
    return WireJson.mapper()
        .readValue(
            ServiceUnderTest.ok(service.post("/v1/contexts", body)).toString(),
            ContextResponse.class);
  }

  private static Tokens tokens(String text) {
    return Tokens.ofInts(text.chars().toArray());
  }

  private static ModelList models() {
    return new ModelList(
        "list",
        List.of(
            new Model(
                NAMESPACE.model(),
                "model",
                "anthropic",
                NAMESPACE,
                null,
                List.of(Capability.WARM, Capability.TEXT),
                null)));
  }

  private static TokenizeResponse tokenize(TokenizeRequest r) {
    return new TokenizeResponse(tokens(r.text()), r.text().length());
  }

  private static PrefillResponse warm() {
    MembraneException refusal = REFUSAL.get();
    if (refusal != null) {
      throw refusal;
    }
    return new PrefillResponse(
        NAMESPACE.model(),
        NAMESPACE,
        2056,
        1800,
        256,
        List.of(),
        List.of(),
        null,
        "anthropic",
        new PrefillTimings(0, 1, 1, 2),
        null,
        new ProviderUse("anthropic", false, 1800L, 248L, 8, 1, 1L, null, null),
        null,
        null,
        null,
        null);
  }
}
