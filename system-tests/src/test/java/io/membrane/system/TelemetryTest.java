package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.cli.fleet.Fleet;
import io.membrane.cli.fleet.FleetPlan;
import io.membrane.cli.fleet.Member;
import io.membrane.cli.fleet.Progress;
import io.membrane.cli.fleet.RedisChoice;
import io.membrane.fixture.RedisProcess;
import io.membrane.rpc.WireJson;
import io.membrane.system.Http.Answer;
import io.membrane.system.TraceCollector.Seen;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import tools.jackson.databind.JsonNode;

/** Traces, exemplars and logs of a whole fleet, and that none of them quotes what was sent. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class TelemetryTest {

  private static final String COLD = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String WARM = "4bf92f3577b34da6a3ce929d0e0e4737";
  private static final String BROKEN = "4bf92f3577b34da6a3ce929d0e0e4738";
  private static final String CALLER = "00f067aa0ba902b7";
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final String GATEWAY = "gateway";
  private static final String RECONSTRUCTION = "reconstruction-service";
  private static final String WORKER = "compute-worker";
  private static final String FRAGMENT = "fragment-service";

  private static final TraceCollector COLLECTOR = new TraceCollector();
  private static @Nullable RedisProcess redis;
  private static @Nullable Fleet fleet;

  @BeforeAll
  static void start() {
    redis = RedisProcess.embedded("--requirepass", Planted.REDIS_PASSWORD);
    URI url =
        URI.create("redis://:%s@127.0.0.1:%d".formatted(Planted.REDIS_PASSWORD, redis.port()));
    FleetPlan plan =
        FleetPlan.in(Path.of(System.getProperty("membrane.root")))
            .onFreePorts()
            .withState(Path.of("target", "telemetry-fleet"))
            .withModel(Path.of("models", "tiny-llama"), TestFleet.BLOCK_TOKENS)
            .withRedis(new RedisChoice.Existing(url))
            .withJsonLogs(true);
    for (Member member : Member.services()) {
      plan = plan.withArguments(member, arguments(member, plan).toArray(String[]::new));
    }
    fleet = Fleet.start(plan, Progress.SILENT);
  }

  private static List<String> arguments(Member member, FleetPlan plan) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "--management.opentelemetry.tracing.export.otlp.endpoint=" + COLLECTOR.url(),
                "--management.opentelemetry.tracing.export.otlp.headers.X-Key="
                    + Planted.COLLECTOR_KEY,
                "--management.opentelemetry.tracing.export.schedule-delay=200ms",
                "--management.tracing.sampling.probability=1.0",
                "--logging.structured.json.add.region=eu",
                "--logging.level.io.membrane=DEBUG"));
    if (member == Member.DIRECTORY) {
      all.add("--membrane.directory.sharing-salts.default=" + Planted.SALT);
    }
    if (member == Member.RECONSTRUCTION) {
      all.add(
          "--membrane.reconstruction.clusters.far.url=http://127.0.0.1:"
              + plan.port(Member.COMPUTE));
      all.add("--membrane.reconstruction.clusters.far.role=prefill");
    }
    return all;
  }

  @AfterAll
  static void stop() {
    if (fleet != null) {
      fleet.close();
    }
    if (redis != null) {
      redis.close();
    }
    COLLECTOR.close();
  }

  @Test
  @Order(1)
  void oneTraceGoesFromTheGatewayToTheEngineAndRedis() {
    Map<String, Object> request = Map.of("tokens", Planted.tokens(500));
    assertThat(context(COLD, request).status()).isEqualTo(200);

    awaitWays(COLD, "redis", WORKER, RECONSTRUCTION, GATEWAY);
    assertWay(COLD, seen -> isServer(seen, "directory-service"), "directory-service");
    assertWay(COLD, seen -> isServer(seen, "scheduler-service"), "scheduler-service");
    assertWay(COLD, seen -> seen.span().getName().equals("prefill chunk"), WORKER);
    assertThat(COLLECTOR.trace(COLD))
        .filteredOn(seen -> seen.span().getName().equals("prefill chunk"))
        .isNotEmpty()
        .allMatch(chunk -> chunk.hasAttribute("membrane.tokens"))
        .allMatch(chunk -> chunk.hasAttribute("membrane.device"));
    assertThat(COLLECTOR.trace(COLD))
        .filteredOn(seen -> seen.span().getName().startsWith("redis "))
        .isNotEmpty()
        .allMatch(command -> command.hasAttribute("redis.commands"));
  }

  @Test
  @Order(2)
  void aWarmRequestsTraceShowsItsFetch() {
    Map<String, Object> request = Map.of("tokens", Planted.tokens(500), "deliver", "bytes");
    assertThat(context(WARM, request).status()).isEqualTo(200);

    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(COLLECTOR.ways(WARM, CALLER, seen -> isServer(seen, FRAGMENT)))
                .contains(List.of(FRAGMENT, RECONSTRUCTION, GATEWAY, "caller")));
  }

  @Test
  @Order(3)
  void latenciesHaveTracesAsExemplars() {
    for (Member member : List.of(Member.GATEWAY, Member.RECONSTRUCTION, Member.COMPUTE)) {
      String page = metrics(member, "application/openmetrics-text");
      assertThat(page.lines())
          .as(member.label())
          .anyMatch(line ->
              line.startsWith("http_server_requests_seconds_bucket") && line.contains("trace_id="));
    }
  }

  @Test
  @Order(4)
  void whatWasSentIsInNoLogNoTraceAndNoMetric() throws Exception {
    everyKindOfRequest();
    Objects.requireNonNull(fleet).kill(Member.COMPUTE);
    assertThat(context(BROKEN, Map.of("text", Planted.TEXT)).status()).isGreaterThanOrEqualTo(500);

    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> COLLECTOR.trace(BROKEN).stream().anyMatch(seen -> isServer(seen, GATEWAY)));
    Planted.assertAbsent("a trace", COLLECTOR.text());
    for (Member member : Member.services()) {
      Planted.assertAbsent("the log of " + member.label(), log(member));
      if (member != Member.COMPUTE) {
        Planted.assertAbsent("the metrics of " + member.label(), metrics(member, "text/plain"));
      }
    }
  }

  @Test
  @Order(5)
  void aLineOfTheLogNamesTraceTenantServiceAndRegion() throws IOException {
    List<JsonNode> lines =
        log(Member.RECONSTRUCTION)
            .lines()
            .filter(line -> line.startsWith("{"))
            .map(line -> WireJson.mapper().readTree(line))
            .filter(line -> line.path("trace_id").asString("").equals(BROKEN))
            .toList();
    assertThat(lines).isNotEmpty();
    assertThat(lines).allMatch(line -> !line.path("span_id").asString("").isEmpty());
    assertThat(lines).anyMatch(line -> line.path("tenant").asString("").equals("default"));
    assertThat(lines)
        .allMatch(line -> line.at("/service/name").asString("").equals(RECONSTRUCTION));
    assertThat(lines).allMatch(line -> line.path("region").asString("").equals("eu"));
  }

  /** Good ones, refused ones, and such as Tomcat itself refuses. */
  private static void everyKindOfRequest() throws IOException {
    Http http = http();
    String text = (Planted.TEXT + " ").repeat(40);
    http.post("/v1/contexts", Map.of("text", text));
    http.post("/v1/tokenize", Map.of("text", text));
    http.post("/v1/contexts", Map.of("text", text, "model", Planted.WORD));
    for (String path : List.of("/v1/contexts", "/v1/directory/match", "/v1/route")) {
      http.postText(path, "{\"text\": " + Planted.WORD + "}");
      http.postText(path, "{\"tokens\": [\"" + Planted.TEXT + "\"]}");
      http.postText(path, "{\"tokens\": 1" + Planted.WORD);
      http.postText(path, "\"" + Planted.TEXT + "\"");
    }
    http.get("/v1/fragments/" + Planted.WORD + "/attn.0-3.0of1");
    http.get("/v1/contexts/" + Planted.WORD + "/explanation");
    http.get("/v1/models?key=" + Planted.WORD);
    http.get("/" + Planted.WORD);
    http.send(http.request("/v1/models").header("Authorization", "Bearer " + Planted.API_KEY));
    http.send(http.request("/v1/models").header("Membrane-Deadline-Ms", Planted.WORD));
    http.send(http.request("/v1/models").header("Content-Encoding", Planted.WORD));
    http.send(http.request("/v1/models").header("Cookie", "a=b\"" + Planted.API_KEY + "; =;"));
    for (Member member : Member.services()) {
      raw(member, "GET / HTTP/1.1\r\nHost: a\r\n" + Planted.WORD + " {}: b\r\n\r\n");
      raw(member, "GET /" + Planted.WORD + "{} HTTP/1.1\r\nHost: a\r\n\r\n");
      raw(member, Planted.WORD + "\u0001 / HTTP/1.1\r\n\r\n");
    }
  }

  private static void raw(Member member, String request) throws IOException {
    URI url = Objects.requireNonNull(fleet).url(member);
    try (Socket socket = new Socket(url.getHost(), url.getPort())) {
      socket.setSoTimeout(5_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      assertThat(new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII))
          .startsWith("HTTP/1.1 400");
    }
  }

  private static boolean isServer(Seen seen, String service) {
    return seen.service().equals(service)
        && seen.span().getKind() == Span.SpanKind.SPAN_KIND_SERVER;
  }

  /** The worker stores while it answers, so that spans of it may come later. */
  private static void awaitWays(String trace, String command, String... upward) {
    List<String> way = new ArrayList<>(List.of(FRAGMENT));
    way.addAll(List.of(upward));
    way.add("caller");
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(
                    COLLECTOR.ways(
                        trace, CALLER, seen -> seen.span().getName().startsWith(command + " ")))
                .contains(way));
  }

  private static void assertWay(String trace, Predicate<Seen> which, String service) {
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(COLLECTOR.ways(trace, CALLER, which))
                .contains(List.of(service, RECONSTRUCTION, GATEWAY, "caller")));
  }

  private static Answer context(String trace, Map<String, Object> request) {
    Http http = http();
    return http.send(
        http.request("/v1/contexts")
            .header("traceparent", "00-" + trace + "-" + CALLER + "-01")
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofByteArray(WireJson.mapper().writeValueAsBytes(request))));
  }

  private static String metrics(Member member, String type) {
    Http http =
        new Http(Objects.requireNonNull(fleet).state().of(member).orElseThrow().healthUrl());
    return http.send(http.request("/actuator/prometheus").header("Accept", type)).text();
  }

  private static String log(Member member) throws IOException {
    return Files.readString(Objects.requireNonNull(fleet).log(member));
  }

  private static Http http() {
    return new Http(Objects.requireNonNull(fleet).url(Member.GATEWAY));
  }
}
