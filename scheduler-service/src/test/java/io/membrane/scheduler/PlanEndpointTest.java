package io.membrane.scheduler;

import static io.membrane.fixture.ServiceUnderTest.json;
import static io.membrane.fixture.ServiceUnderTest.ok;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.ServiceUnderTest;
import io.membrane.rpc.CallContext;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Import;
import tools.jackson.databind.JsonNode;

class PlanEndpointTest {

  private static final String PLANS = "/v1/plans";

  /** Three kinds of 50 instances: 132,651 splits, and a search for each piece of advice. */
  private static final String MANY_SPLITS =
      """
      {"profiles": {
         "k1": {"gpus": 8, "prefill_seconds": {"polynomial": [0.1, 1e-4]},
                "decode": {"max_batch": 20, "step_ms": 21}},
         "k2": {"gpus": 8, "prefill_seconds": {"polynomial": [0.2, 1e-4]},
                "decode": {"max_batch": 20, "step_ms": 22}},
         "k3": {"gpus": 8, "prefill_seconds": {"polynomial": [0.3, 1e-4]},
                "decode": {"max_batch": 20, "step_ms": 23}}},
       "clusters": [
         {"cluster": "a", "role": "prefill", "instances": {"h200": 9}, "link": {"gbps": 30}},
         {"cluster": "b", "role": "pd", "instances": {"k1": 50, "k2": 50, "k3": 50}}]}\
      """;

  @EnableAutoConfiguration
  @Import({PlanEndpoint.class, PlanConfiguration.class})
  static class PlansAlone {}

  private static final ServiceUnderTest SERVICE = new ServiceUnderTest(PlansAlone.class);

  @AfterAll
  static void end() {
    SERVICE.close();
  }

  @Test
  void nothingAtAllAnEmptyBodyAndAnEmptyObjectPlanTheCaseStudy() throws Exception {
    JsonNode bare =
        ok(SERVICE.send(HttpRequest.newBuilder(SERVICE.uri(PLANS)).POST(BodyPublishers.noBody())));
    assertThat(bare.get("best").get("n_p").asInt()).isEqualTo(3);
    assertThat(post(200, "")).isEqualTo(bare);
    assertThat(post(200, "{}")).isEqualTo(bare);
    assertThat(post(200, "null")).isEqualTo(bare);
    assertThat(post(200, "{\"colour\": \"blue\"}")).isEqualTo(bare);
  }

  /** The names are the contract; the values are held elsewhere. */
  @Test
  void theAnswerHasTheNamesOfTheContract() throws Exception {
    JsonNode plan = post(200, "{}");
    assertThat(names(plan))
        .containsExactly(
            "best",
            "baselines",
            "ratios",
            "binding_stage",
            "headroom",
            "sensitivity",
            "advice",
            "curve",
            "notes",
            "reproduction");
    List<String> figures =
        List.of(
            "threshold_tokens",
            "n_prefill",
            "n_p",
            "n_d",
            "theta_prefill_rps",
            "theta_pd_p_rps",
            "theta_pd_d_rps",
            "lambda_max_rps",
            "ttft_mean_s",
            "ttft_p90_s",
            "egress_gbps",
            "offloaded_fraction",
            "prefill_by_profile");
    assertThat(names(plan.get("best"))).containsExactlyInAnyOrderElementsOf(figures);
    assertThat(names(plan.get("baselines")))
        .containsExactly("homogeneous_pd", "naive_heterogeneous_pd");
    assertThat(names(plan.get("baselines").get("homogeneous_pd")))
        .containsExactlyInAnyOrderElementsOf(figures);
    assertThat(plan.get("binding_stage").asString()).isEqualTo("prefill_cluster");
    assertThat(names(plan.get("headroom").get(0)))
        .containsExactly("stage", "cluster", "limit_rps", "utilisation", "headroom", "binds");
    assertThat(names(plan.get("sensitivity").get(0)))
        .containsExactly(
            "factor",
            "link_gbps",
            "lambda_max_rps",
            "threshold_tokens",
            "n_p",
            "n_d",
            "egress_gbps",
            "binding_stage");
    assertThat(names(plan.get("advice").get(0)))
        .containsExactly(
            "change", "cluster", "profile", "text", "lambda_max_rps", "gain_rps", "gain_ratio");
    assertThat(names(plan.get("reproduction").get(0)))
        .containsExactly(
            "configuration", "figure", "paper", "ours", "deviation", "tolerance", "basis");
    assertThat(plan.get("best").get("prefill_by_profile").get("h20").asInt()).isEqualTo(3);
  }

  @Test
  void aPlanOfOnesOwnNamesItsCostAndItsLoad() throws Exception {
    JsonNode plan =
        post(
            200,
            """
            {"model": {"kv_bytes": {"polynomial": [0, 100000]}},
             "profiles": {
               "fast": {"gpus": 8, "prefill_seconds": {"table": [[1000, 0.2], [100000, 9]]},
                        "usd_per_gpu_hour": [%s]},
               "slow": {"gpus": 8, "prefill_seconds": {"samples": [[1000, 0.4], [9000, 3], [1000, 0.5]]},
                        "decode": {"max_batch": 32, "step_ms": 30}, "usd_per_gpu_hour": 1.5}},
             "clusters": [
               {"cluster": "a", "role": "prefill", "instances": {"fast": 2},
                "link": {"gbps": 20, "usd_per_gb": 0.02}},
               {"cluster": "b", "role": "prefill", "instances": {"fast": 1, "slow": 1},
                "link": {"gbps": 2}},
               {"cluster": "c", "role": "pd", "instances": {"slow": 6}}],
             "workload": {"input": {"histogram": [[1000, 5], [8000, 3], [30000, 1]]},
                          "output_tokens": 300, "arrival_rps": 0.5},
             "thresholds": {"from": 0, "to": 30000, "step": 10}, "objective": "cost"}\
            """
                .formatted(String.join(",", Collections.nCopies(24, "3"))));
    assertThat(plan.has("reproduction")).isFalse();
    assertThat(names(plan.get("cost")))
        .containsExactly(
            "usd_per_hour",
            "usd_per_million_requests",
            "egress_usd_per_million_requests",
            "egress_share",
            "cheapest_hour",
            "dearest_hour");
    assertThat(plan.get("cost").get("usd_per_hour").asDouble()).isEqualTo(3 * 8 * 3 + 7 * 8 * 1.5);
    assertThat(names(plan.get("at_arrival_rate")))
        .containsExactly(
            "arrival_rps", "sustainable", "stages", "usd_per_million_requests", "text");
    assertThat(plan.get("best").has("usd_per_million_requests")).isTrue();
    assertThat(
            plan.get("advice").get(0).has("extra_usd_per_hour")
                || plan.get("advice").get(0).has("link_gbps"))
        .isTrue();
  }

  @Test
  void theBundledProfilesAreListedWithSourceAndMark() throws Exception {
    JsonNode bundle = ok(SERVICE.get("/v1/profiles"));
    assertThat(bundle.get("models").size()).isEqualTo(3);
    assertThat(bundle.get("profiles").size()).isEqualTo(8);
    for (JsonNode profile : bundle.get("profiles")) {
      assertThat(profile.get("source").asString()).isNotBlank();
      assertThat(profile.get("mark").asString()).isIn("published", "fitted", "ours");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "[]",
        "\"text\"",
        "5",
        "{} {}",
        "{\"clusters\": {}}",
        "{\"clusters\": 5}",
        "{\"clusters\": [{\"cluster\": 5, \"role\": \"pd\", \"instances\": {\"h20\": 8}}]}",
        "{\"clusters\": [{\"cluster\": \"a\", \"role\": \"decode\", \"instances\": {\"h20\": 8}}]}",
        "{\"clusters\": [{\"cluster\": \"a\", \"role\": \"pd\", \"instances\": {\"h20\": \"8\"}}]}",
        "{\"clusters\": [{\"cluster\": \"a\", \"role\": \"pd\", \"instances\": [8]}]}",
        "{\"objective\": \"speed\"}",
        "{\"objective\": 1}",
        "{\"model\": 5}",
        "{\"model\": []}",
        "{\"workload\": {\"input\": \"long\"}}",
        "{\"workload\": {\"output_tokens\": \"1024\"}}",
        "{\"workload\": {\"input\": {\"lengths\": [\"12\"]}}}",
        "{\"workload\": {\"input\": {\"lengths\": [true]}}}",
        "{\"workload\": {}, \"workload\": {}}",
      })
  void aMalformedBodyIsRefused(String body) throws Exception {
    JsonNode problem = post(400, body);
    assertThat(problem.get("code").asString()).isEqualTo("malformed_request");
    assertThat(problem.get("detail").asString()).isNotBlank().doesNotContain("io.membrane");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[] | the body: write an object",
        "{'clusters': {}} | clusters: write an array",
        "{'clusters': [5]} | clusters[0]: write an object",
        "{'clusters': [{'cluster': 5}]} | clusters[0].cluster: write a string",
        "{'clusters': [{'role': 'decode'}]} | clusters[0].role: write one of prefill, pd",
        "{'clusters': [{'instances': [8]}]} | clusters[0].instances: write an object",
        "{'clusters': [{'instances': {'h20': '8'}}]} | clusters[0].instances.h20: write a number",
        "{'model': 5} | model: write a string or an object",
        "{'model': {'kv_bytes': {'table': [[1, 2], {}]}}} | model.kv_bytes.table[1]: write an array",
        "{'workload': {'input': 'long'}} | workload.input: write an object",
      })
  void aValueOfAnotherKindIsNamedWithWhatToWriteInstead(String body, String detail)
      throws Exception {
    JsonNode problem = post(400, body.replace('\'', '"'));
    assertThat(problem.get("detail").asString()).contains(detail);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'model': 'gpt'} | model: 'gpt' is not a bundled model",
        "{'model': {}} | model.kv_bytes: missing",
        "{'model': {'kv_bytes': {}}} | model.kv_bytes: not exactly one form",
        "{'model': {'kv_bytes': {'polynomial': [1], 'table': [[1, 2], [2, 3]]}}} | not exactly one",
        "{'model': {'kv_bytes': {'polynomial': []}}} | model.kv_bytes.polynomial: empty",
        "{'model': {'kv_bytes': {'polynomial': [NaN]}}} | model.kv_bytes.polynomial[0]: NaN",
        "{'model': {'kv_bytes': {'polynomial': [1, -Infinity]}}} | polynomial[1]: -Infinity",
        "{'model': {'kv_bytes': {'polynomial': [null]}}} | model.kv_bytes.polynomial[0]: missing",
        "{'model': {'kv_bytes': {'polynomial': [0, 0]}}} | needs a coefficient above 0",
        "{'model': {'kv_bytes': {'table': [[1, 2]]}}} | model.kv_bytes.table: a table has 2 to",
        "{'model': {'kv_bytes': {'table': [[1, 2], null]}}} | model.kv_bytes.table[1]: not a pair",
        "{'model': {'kv_bytes': {'table': [[1, 2], [2]]}}} | model.kv_bytes.table[1]: not a pair",
        "{'model': {'kv_bytes': {'table': [[2, 2], [1, 3]]}}} | row 1: lengths increase",
        "{'model': {'kv_bytes': {'table': [[1, 2], [2, 0]]}}} | model.kv_bytes.table[1][1]: 0",
        "{'model': {'kv_bytes': {'table': [[1, 2], [2, Infinity]]}}} | table[1][1]: Infinity",
        "{'model': {'kv_bytes': {'samples': [[5, 2], [5, 3]]}}} | all samples are of one length",
        "{'model': {'kv_bytes': {'table': [[1, 1e-8], [2, 1e17]]}}} | model.kv_bytes:",
        "{'clusters': []} | clusters: empty",
        "{'clusters': [null]} | clusters[0]: missing",
        "{'clusters': [{'role': 'pd', 'instances': {'h20': 8}}]} | clusters[0].cluster: missing",
        "{'clusters': [{'cluster': ' ', 'role': 'pd', 'instances': {'h20': 8}}]} | clusters[0].cluster",
        "{'clusters': [{'cluster': 'a', 'instances': {'h20': 8}}]} | clusters[0].role: missing",
        "{'clusters': [{'cluster': 'a', 'role': 'pd'}]} | clusters[0].instances: missing",
        "{'clusters': [{'cluster': 'a', 'role': 'pd', 'instances': {}}]} | clusters[0].instances: empty",
        "{'clusters': [{'cluster': 'a', 'role': 'pd', 'instances': {'b100': 8}}]} | clusters[0].instances['b100']: there is no profile",
        "{'clusters': [{'cluster': 'a', 'role': 'pd', 'instances': {'h20': -1}}]} | clusters[0].instances['h20']: -1",
        "{'clusters': [{'cluster': 'a', 'role': 'pd', 'instances': {'h20': 1.5}}]} | 1.5 is not a whole number",
        "{'clusters': [{'cluster': 'a', 'role': 'pd', 'instances': {'h20': NaN}}]} | clusters[0].instances['h20']: NaN",
        "{'clusters': [{'cluster': 'a', 'role': 'pd', 'instances': {'h20': 1e9}}]} | clusters[0].instances['h20']: 1000000000",
        "{'clusters': [{'cluster': 'a', 'role': 'pd', 'instances': {'h20': 0}}]} | no instance that can decode",
        "{'clusters': [{'cluster': 'a', 'role': 'pd', 'instances': {'h200': 8}}]} | no instance that can decode",
        "{'clusters': [{'cluster': 'a', 'role': 'pd', 'instances': {'h20': 1}}]} | no threshold and split serve",
        "{'clusters': [{'cluster': 'a', 'role': 'prefill', 'instances': {'h200': 8}, 'link': {'gbps': 1}}]} | clusters: nobody decodes",
        "{'clusters': [{'cluster': 'a', 'role': 'pd', 'instances': {'h20': 8}}, {'cluster': 'b', 'role': 'pd', 'instances': {'h20': 8}}]} | clusters[1]: a second cluster of role pd",
        "{'clusters': [{'cluster': 'a', 'role': 'prefill', 'instances': {'h200': 8}, 'link': {'gbps': 1}}, {'cluster': 'a', 'role': 'pd', 'instances': {'h20': 8}}]} | two clusters are named 'a'",
        "{'clusters': [{'cluster': 'a', 'role': 'prefill', 'instances': {'h200': 8}}]} | clusters[0].link: missing",
        "{'clusters': [{'cluster': 'a', 'role': 'prefill', 'instances': {'h200': 8}, 'link': {}}]} | clusters[0].link.gbps: missing",
        "{'clusters': [{'cluster': 'a', 'role': 'prefill', 'instances': {'h200': 8}, 'link': {'gbps': 0}}]} | clusters[0].link.gbps: 0",
        "{'clusters': [{'cluster': 'a', 'role': 'prefill', 'instances': {'h200': 8}, 'link': {'gbps': NaN}}]} | clusters[0].link.gbps: NaN",
        "{'clusters': [{'cluster': 'a', 'role': 'prefill', 'instances': {'h200': 8}, 'link': {'gbps': 1, 'usd_per_gb': -1}}]} | clusters[0].link.usd_per_gb: -1",
        "{'clusters': [{'cluster': 'a\\u0007', 'role': 'pd', 'instances': {'h20': 8}}]} | clusters[0].cluster: a name has 1 to 256 printable characters",
        "{'profiles': {'spare\\n': {'gpus': 8}}} | profiles['spare?']: a name has",
        "{'profiles': {'spare': null}} | profiles['spare']: missing",
        "{'profiles': {'spare': {'gpus': 8, 'prefill_seconds': {'polynomial': [1]}, 'usd_per_gpu_hour': -1}}} | profiles['spare'].usd_per_gpu_hour: -1",
        "{'profiles': {'h20': null}} | profiles['h20']: missing",
        "{'profiles': {'h20': {}}} | profiles['h20'].gpus: missing",
        "{'profiles': {'h20': {'gpus': 0}}} | profiles['h20'].gpus: 0",
        "{'profiles': {'h20': {'gpus': 8}}} | profiles['h20'].prefill_seconds: missing",
        "{'profiles': {'h20': {'gpus': 8, 'prefill_seconds': {'polynomial': [1]}, 'kv_throughput_gbps': {'table': [[1, 2], [2, 3]]}}}} | not both",
        "{'profiles': {'h20': {'gpus': 8, 'kv_throughput_gbps': {'polynomial': [1]}}}} | a KV throughput is a table or samples",
        "{'profiles': {'h20': {'gpus': 8, 'prefill_seconds': {'polynomial': [1]}, 'decode': {'step_ms': 5}}}} | profiles['h20'].decode.max_batch: missing",
        "{'profiles': {'h20': {'gpus': 8, 'prefill_seconds': {'polynomial': [1]}, 'decode': {'max_batch': 2, 'step_ms': 0}}}} | profiles['h20'].decode.step_ms: 0",
        "{'profiles': {'h20': {'gpus': 8, 'prefill_seconds': {'polynomial': [1]}, 'usd_per_gpu_hour': -1}}} | profiles['h20'].usd_per_gpu_hour: -1",
        "{'profiles': {'h20': {'gpus': 8, 'prefill_seconds': {'polynomial': [1]}, 'usd_per_gpu_hour': [1, 2]}}} | usd_per_gpu_hour: a price is one number, or 24",
        "{'profiles': {'h20': {'gpus': 8, 'prefill_seconds': {'polynomial': [1]}, 'usd_per_gpu_hour': []}}} | usd_per_gpu_hour: a price is one number, or 24",
        "{'profiles': {'h20': {'gpus': 8, 'prefill_seconds': {'polynomial': [0, 0, 1e18]}, 'decode': {'max_batch': 2, 'step_ms': 1}}}} | profiles['h20']:",
        "{'workload': {'input': {}}} | workload.input: not exactly one form",
        "{'workload': {'input': {'lengths': [1], 'trace': 'x'}}} | workload.input",
        "{'workload': {'input': {'lengths': []}}} | workload.input.lengths: empty",
        "{'workload': {'input': {'lengths': [0]}}} | workload.input.lengths[0]: 0",
        "{'workload': {'input': {'lengths': [5, NaN]}}} | workload.input.lengths[1]: NaN",
        "{'workload': {'input': {'lengths': [null]}}} | workload.input.lengths[0]: missing",
        "{'workload': {'input': {'histogram': []}}} | workload.input.histogram: empty",
        "{'workload': {'input': {'histogram': [[5, 0]]}}} | at least one length",
        "{'workload': {'input': {'histogram': [[5, -1]]}}} | workload.input.histogram[0][1]: -1",
        "{'workload': {'input': {'histogram': [[5]]}}} | workload.input.histogram[0]: not a pair",
        "{'workload': {'input': {'trace': 'x'}}} | workload.input.trace: there is no trace 'x'",
        "{'workload': {'input': {'log_normal': {'mu': 9}}}} | workload.input.log_normal.sigma: missing",
        "{'workload': {'input': {'log_normal': {'mu': NaN, 'sigma': 1, 'min': 1, 'max': 9}}}} | log_normal.mu: NaN",
        "{'workload': {'input': {'log_normal': {'mu': 9, 'sigma': 1, 'min': 9, 'max': 9}}}} | workload.input.log_normal: the longest",
        "{'workload': {'input': {'log_normal': {'mu': 9, 'sigma': 1, 'min': 9, 'max': 4}}}} | not max 4.0 with min 9.0",
        "{'workload': {'output_tokens': 0}} | workload.output_tokens: 0",
        "{'workload': {'output_tokens': Infinity}} | workload.output_tokens: Infinity",
        "{'workload': {'arrival_rps': 0}} | workload.arrival_rps: 0",
        "{'thresholds': {'from': 5, 'to': 4}} | thresholds: thresholds go",
        "{'thresholds': {'from': 0, 'to': 9000000, 'step': 1}} | thresholds: from 0 to 9000000",
        "{'thresholds': {'step': 0}} | thresholds.step: 0",
        "{'thresholds': {'from': NaN}} | thresholds.from: NaN",
        "{'objective': 'cost'} | objective: the cheapest",
      })
  void whatIsImpossibleIsRefusedWithItsPlace(String body, String reason) throws Exception {
    JsonNode problem = post(422, body.replace('\'', '"'));
    assertThat(problem.get("code").asString()).isEqualTo("impossible_request");
    assertThat(problem.get("detail").asString()).contains(reason);
  }

  @Test
  void aPlanEndsSoonAfterItsDeadline() {
    HttpResponse<String> response =
        SERVICE.send(
            HttpRequest.newBuilder(SERVICE.uri(PLANS))
                .header(CallContext.DEADLINE_HEADER, "1")
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(MANY_SPLITS)));
    assertThat(ServiceUnderTest.problem(503, "deadline_exceeded", response)).contains("the plan");
  }

  @Test
  void whatIsTooMuchIsRefused() throws Exception {
    String clusters =
        IntStream.range(0, 65)
            .mapToObj(i ->
                "{\"cluster\": \"c%d\", \"role\": \"prefill\", \"instances\": {\"h200\": 1}, \"link\": {\"gbps\": 1}}"
                    .formatted(i))
            .collect(Collectors.joining(","));
    assertThat(detail("{\"clusters\": [" + clusters + "]}")).contains("at most 64");
    String rows =
        IntStream.rangeClosed(1, 4097)
            .mapToObj(i -> "[" + i + ", 1]")
            .collect(Collectors.joining(","));
    assertThat(detail("{\"model\": {\"kv_bytes\": {\"table\": [" + rows + "]}}}"))
        .contains("at most 4096");
    String lengths = String.join(",", Collections.nCopies(1_000_001, "9"));
    assertThat(detail("{\"workload\": {\"input\": {\"lengths\": [" + lengths + "]}}}"))
        .contains("at most 1000000");
    String kinds =
        IntStream.range(0, 3)
            .mapToObj(i -> "\"k%d\": 100".formatted(i))
            .collect(Collectors.joining(","));
    String profiles =
        IntStream.range(0, 3)
            .mapToObj(i ->
                "\"k%d\": {\"gpus\": 8, \"prefill_seconds\": {\"polynomial\": [%d]}, \"decode\": {\"max_batch\": 2, \"step_ms\": 1}}"
                    .formatted(i, i + 1))
            .collect(Collectors.joining(","));
    assertThat(
            detail(
                "{\"profiles\": {%s}, \"clusters\": [{\"cluster\": \"a\", \"role\": \"pd\", \"instances\": {%s}}]}"
                    .formatted(profiles, kinds)))
        .contains("more than 150000 ways");
  }

  @Test
  void planningIsInTheContract() throws Exception {
    JsonNode paths = ok(SERVICE.get("/v3/api-docs")).get("paths");
    assertThat(paths.has("/v1/plans")).isTrue();
    assertThat(paths.has("/v1/profiles")).isTrue();
  }

  private static String detail(String body) {
    return post(422, body).get("detail").asString();
  }

  @Test
  void anEmptyFormPlansTheCaseStudyAsAnEmptyJsonDoes() {
    JsonNode plan =
        ok(SERVICE.post(PLANS, "application/x-www-form-urlencoded", BodyPublishers.noBody()));
    assertThat(plan.get("best").get("n_p").asInt()).isEqualTo(3);
  }

  private static List<String> names(JsonNode object) {
    return List.copyOf(object.propertyNames());
  }

  private static JsonNode post(int status, String body) {
    HttpResponse<String> response = SERVICE.post(PLANS, body);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    return json(response);
  }
}
