package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.Tokens;
import io.membrane.rpc.WireJson;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What operators see. */
class ObservationTest extends FleetTest {

  @Test
  void everyMetricIsExposedOnceItHappened() {
    Tokens prompt = tokens(90, 100);
    ask(context(prompt));
    ask(context(prompt).with("on_miss", "report"));
    post("{}").problem(400, "malformed_request");
    post(context(prompt).with("deliver", "bytes").json());

    String exposed = get("/actuator/prometheus").body();

    for (Metric metric : Metric.values()) {
      if (metric != Metric.LOST_EXPLANATIONS) {
        assertThat(exposed).contains(metric.id().replace('.', '_'));
      }
    }
    assertThat(exposed)
        .contains("outcome=\"prefilled\"")
        .contains("outcome=\"missing\"")
        .contains("outcome=\"malformed_request\"")
        .contains("source=\"fragment\"")
        .contains("phase=\"total\"");
  }

  @Test
  void livenessAndReadinessAreTheProcessesOwn() {
    assertThat(get("/actuator/health/liveness").status()).isEqualTo(200);
    assertThat(get("/actuator/health/readiness").status()).isEqualTo(200);
    assertThat(get("/actuator/health").body()).contains("redis");
  }

  @Test
  void theOpenApiDocumentDescribesEveryCall() {
    JsonNode api = WireJson.mapper().readTree(get("/v3/api-docs").body());

    assertThat(api.at("/paths/~1v1~1contexts/post").isMissingNode()).isFalse();
    assertThat(api.at("/paths/~1v1~1contexts~1plan/post").isMissingNode()).isFalse();
    assertThat(api.at("/paths/~1v1~1contexts~1{id}~1explanation/get").isMissingNode()).isFalse();
    assertThat(api.at("/paths/~1v1~1sessions~1{id}/get").isMissingNode()).isFalse();
  }
}
