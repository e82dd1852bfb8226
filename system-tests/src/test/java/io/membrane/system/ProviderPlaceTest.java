package io.membrane.system;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.membrane.block.Tokens;
import io.membrane.cli.fleet.Member;
import io.membrane.fixture.RedisProcess;
import io.membrane.fixture.Seeds;
import io.membrane.wire.DirectoryClient.LocateRequest;
import io.membrane.wire.DirectoryClient.LocateResponse;
import io.membrane.wire.DirectoryClient.LocatedBlock;
import io.membrane.wire.MatchRequest;
import io.membrane.wire.MatchResponse;
import io.membrane.wire.MatchResponse.Match;
import io.membrane.wire.NamespaceRequest;
import io.membrane.wire.PrefillResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a worker with a provider tells a directory; both are processes of their own. */
class ProviderPlaceTest {

  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final byte[] ANSWER =
      """
      {"text":" the","meta_info":{"id":"1","finish_reason":{"type":"length","length":1},
       "prompt_tokens":40,"completion_tokens":1,"cached_tokens":0}}
      """
          .getBytes(StandardCharsets.UTF_8);

  private static final RedisProcess REDIS = RedisProcess.embedded();
  private static final ServiceProcess DIRECTORY =
      new ServiceProcess(Member.DIRECTORY, "directory-of-providers", REDIS.url());
  private static final HttpServer SERVER = SglangServer.answering(ANSWER);

  @BeforeAll
  static void start() {
    SERVER.start();
    DIRECTORY.start();
    DIRECTORY.awaitReady();
  }

  @AfterAll
  static void stop() {
    DIRECTORY.close();
    REDIS.close();
    SERVER.stop(0);
  }

  @Test
  void aWarmPromptIsFoundAndRenewedUntilItsTimeIsOver() {
    Tokens prompt = Seeds.tokens(new Random(41), 40, TestFleet.VOCABULARY);
    try (ServiceProcess worker = worker("15s")) {
      Awaitility.await()
          .atMost(LIMIT)
          .untilAsserted(() -> {
            PrefillResponse warmed = prefill(worker, prompt);
            assertThat(match(warmed, prompt).matches())
                .containsExactly(new Match("local", "sg-0", "provider", 2, 32));
          });
      PrefillResponse renewed = prefill(worker, prompt);
      assertThat(renewed.blocks()).isEmpty();
      long end = requireNonNull(requireNonNull(renewed.provider()).expiresAtMs());
      Awaitility.await().atMost(LIMIT).until(() -> match(renewed, prompt).matches().isEmpty());
      assertThat(System.currentTimeMillis()).isGreaterThan(end - 1000);
      assertThat(located(renewed, prompt)).allMatch(block -> block.places().isEmpty());
    }
  }

  @Test
  void aWorkerThatDiedIsBelievedUntilItBeginsAnew() {
    Tokens before = Seeds.tokens(new Random(42), 40, TestFleet.VOCABULARY);
    Tokens after = Seeds.tokens(new Random(43), 40, TestFleet.VOCABULARY);
    try (ServiceProcess worker = worker("1h")) {
      PrefillResponse warmed = prefill(worker, before);
      worker.kill();
      awaitPlaces(warmed, before, 2);
      worker.start();
      worker.awaitReady();
      awaitPlaces(prefill(worker, after), after, 2);
      awaitPlaces(warmed, before, 0);
    }
  }

  private static void awaitPlaces(PrefillResponse warmed, Tokens prompt, int blocks) {
    Awaitility.await()
        .atMost(LIMIT)
        .untilAsserted(() ->
            assertThat(located(warmed, prompt).stream().flatMap(b -> b.places().stream()))
                .hasSize(blocks)
                .allMatch(p -> p.node().equals("sg-0") && p.tier().equals("provider")));
  }

  private static PrefillResponse prefill(ServiceProcess worker, Tokens prompt) {
    return new Http(worker.url())
        .post("/v1/prefill", Map.of("tokens", prompt))
        .as(PrefillResponse.class);
  }

  private static MatchResponse match(PrefillResponse warmed, Tokens prompt) {
    return new Http(DIRECTORY.url())
        .post(
            "/v1/directory/match",
            new MatchRequest(
                NamespaceRequest.of(warmed.namespace()), prompt, null, null, warmed.logPosition()))
        .as(MatchResponse.class);
  }

  private static List<LocatedBlock> located(PrefillResponse warmed, Tokens prompt) {
    return new Http(DIRECTORY.url())
        .post("/v1/directory/locate", new LocateRequest(match(warmed, prompt).blockHashes()))
        .as(LocateResponse.class)
        .blocks();
  }

  private static ServiceProcess worker(String ttl) {
    ServiceProcess worker =
        new ServiceProcess(
            Member.COMPUTE,
            "worker-of-provider",
            REDIS.url(),
            "--membrane.worker.backend=sglang",
            "--membrane.worker.provider.url=http://127.0.0.1:" + SERVER.getAddress().getPort(),
            "--membrane.worker.provider.model=m-1",
            "--membrane.worker.provider.node=sg-0",
            "--membrane.worker.provider.ttl=" + ttl,
            "--membrane.worker.block-tokens=16",
            "--membrane.client.peers.directory-service=" + DIRECTORY.url());
    worker.start();
    worker.awaitReady();
    return worker;
  }
}
