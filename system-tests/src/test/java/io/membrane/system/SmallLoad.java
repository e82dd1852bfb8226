package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.Tokens;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.CallContext;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A little of everything that callers, engines and operators do; each round is new. Not
 * thread-safe.
 */
final class SmallLoad {

  private static final String NAMESPACE =
      "{\"model\":\"m\",\"revision\":\"r\",\"kv_dtype\":\"f32\",\"block_tokens\":16}";

  private final TestFleet fleet;
  private final RareParts rare;
  private final Random random = new Random(61);
  private long epoch = System.currentTimeMillis();

  SmallLoad(TestFleet fleet, RareParts rare) {
    this.fleet = fleet;
    this.rare = rare;
  }

  /** All of it once. */
  void round() {
    fragments();
    contexts();
    routes();
    telemetry();
    worker();
    rare.worker().post("/v1/prefill", Map.of("tokens", prompt(40)));
    bad();
  }

  private void fragments() {
    Http http = fleet.http();
    String path = "/v1/fragments/" + Seeds.hash(random).hex() + "/attn.0-3.0of1";
    assertThat(put(http, path)).isEqualTo(201);
    assertThat(http.get(path).status()).isEqualTo(200);
    http.get("/v1/fragments/" + Seeds.hash(random).hex() + "/attn.0-3.0of1");
    directory();
  }

  /** Neither sampled nor through the gateway, so that it is answered before observation. */
  private void directory() {
    direct(
        "/v1/directory/match", "{\"block_hashes\":[\"%s\"]}".formatted(Seeds.hash(random).hex()));
    direct(
        "/v1/directory/events",
        """
        {"node":"an engine","cluster":"local","epoch":%d,"sequence":0,"events":[{"type":"cleared"}]}
        """
            .formatted(epoch++));
  }

  private void direct(String path, String body) {
    Http http = fleet.http("directory-service");
    http.send(
        http.request(path)
            .header("Content-Type", "application/json")
            .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")
            .POST(BodyPublishers.ofString(body)));
  }

  private int put(Http http, String path) {
    return http.send(
            http.request(path)
                .header("Membrane-Namespace", NAMESPACE)
                .header("Membrane-Parent", "root")
                .header("Membrane-Token-Span", "0-16")
                .PUT(BodyPublishers.ofByteArray(Seeds.bytes(random, 10_000))))
        .status();
  }

  private void contexts() {
    Http http = fleet.http();
    Map<String, Object> cold = Map.of("tokens", prompt(300), "session_id", "s");
    for (int i = 0; i < 2; i++) {
      assertThat(http.post("/v1/contexts", cold).status()).isEqualTo(200);
    }
    http.post("/v1/contexts", Map.of("tokens", prompt(200), "deliver", "bytes"));
    http.post("/v1/contexts", Map.of("tokens", prompt(200), "on_miss", "report"));
    http.post("/v1/simulations", Map.of("requests", 500, "strategies", List.of("prfaas_pd")));
  }

  private void routes() {
    fleet.http("scheduler-service").post("/v1/routes", clusters(50_000, "local"));
    Http described = rare.scheduler();
    described.post("/v1/telemetry", Map.of("cluster", "far", "status", "gone", "egress_gbps", 0));
    described.post(
        "/v1/telemetry",
        Map.of("cluster", "near", "prefill_instances", 4, "utilisation", 1, "queue_depth", 200));
    assertThat(described.post("/v1/routes", clusters(60_000, "near")).status()).isEqualTo(429);
  }

  private void telemetry() {
    Http described = rare.scheduler();
    described.post(
        "/v1/telemetry",
        Map.of("cluster", "far", "status", "up", "egress_gbps", 20, "utilisation", 0.2));
    described.post(
        "/v1/telemetry",
        Map.of(
            "cluster",
            "near",
            "prefill_instances",
            4,
            "decode_instances",
            4,
            "utilisation",
            0.5,
            "decode_utilisation",
            0.5,
            "queue_depth",
            0));
    assertThat(described.post("/v1/routes", clusters(60_000, "near")).status()).isEqualTo(200);
  }

  private static Map<String, Object> clusters(int tokens, String pd) {
    return Map.of(
        "total_tokens",
        tokens,
        "clusters",
        List.of(
            Map.of("cluster", pd, "role", "pd", "cached_tokens", 0),
            Map.of("cluster", "far", "role", "prefill", "cached_tokens", 0)));
  }

  private void worker() {
    fleet.http().post("/v1/embeddings", Map.of("input", List.of("a text")));
  }

  private void bad() {
    Http http = fleet.http();
    http.postText("/v1/contexts", "{\"tokens\":");
    http.get("/v1/nothing");
    http.get("/v1/fragments/zz/attn.0-3.0of1");
  }

  /** A question of each of so many tenants, past the gateway. */
  void tenants(int tenants) {
    Http http = fleet.http("fragment-service");
    for (int i = 0; i < tenants; i++) {
      http.send(
          http.request("/v1/fragments/" + Seeds.hash(random).hex() + "/attn.0-3.0of1")
              .header(CallContext.TENANT_HEADER, "tenant-" + i)
              .GET());
    }
  }

  private List<Long> prompt(int length) {
    Tokens tokens = Seeds.tokens(random, length, TestFleet.VOCABULARY);
    return java.util.Arrays.stream(tokens.toLongs()).boxed().toList();
  }
}
